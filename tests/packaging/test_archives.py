"""Archives have the same bytes for the same contents, and unpack to what was put in."""

import os
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from mart.packaging import PackageError, archives
from mart.packaging.archives import Entry

ENTRIES = [Entry("bin/python", link="/usr/bin/python3.11"), Entry("a.py", b"A = 1\n"), Entry("conf/b.toml", b"b = 2\n")]


def test_the_same_contents_are_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        archives.zip_of(ENTRIES[1:], tmp_path / f"{name}.zip")
        archives.tar_of(ENTRIES, tmp_path / f"{name}.tar.gz")
        made.append([(tmp_path / f"{name}{end}").read_bytes() for end in (".zip", ".tar.gz")])
        os.utime(tmp_path)
    assert made[0] == made[1]


def test_a_tar_unpacks_with_its_link(tmp_path: Path) -> None:
    archives.tar_of(ENTRIES, tmp_path / "it.tar.gz")
    with tarfile.open(tmp_path / "it.tar.gz") as archive:
        archive.extractall(tmp_path / "there", filter="fully_trusted")
    assert (tmp_path / "there" / "bin" / "python").readlink() == Path("/usr/bin/python3.11")
    assert (tmp_path / "there" / "a.py").read_text() == "A = 1\n"


def test_a_name_that_comes_twice_counts_once_unless_it_differs(tmp_path: Path) -> None:
    archives.zip_of([*ENTRIES[1:], ENTRIES[1]], tmp_path / "it.zip")
    with ZipFile(tmp_path / "it.zip") as archive:
        assert archive.namelist() == ["a.py", "conf/b.toml"]
    with pytest.raises(PackageError, match=r"^a\.py is in two packages, and differs$"):
        archives.zip_of([*ENTRIES[1:], Entry("a.py", b"A = 2\n")], tmp_path / "it.zip")


def test_wheels_unpack_as_an_installer_does_but_for_their_programs(tmp_path: Path) -> None:
    wheel = tmp_path / "it-1.0-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for name in (
            "it/__init__.py",
            "it-1.0.dist-info/METADATA",
            "it-1.0.data/purelib/it/more.py",
            "it-1.0.data/scripts/it",
        ):
            archive.writestr(name, name)
    assert [entry.name for entry in archives.of_wheels([wheel], "site/")] == [
        "site/it/more.py",
        "site/it-1.0.dist-info/METADATA",
        "site/it/__init__.py",
    ]
