"""Which pins of the lock a target needs: on its machine, with all that they need in turn."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from mart.packaging import PackageError, lock

LOCK = """# made by hand
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
beta==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:ba
beta==3.0 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
gamma==1.5 ; sys_platform == 'win32' \\
    --hash=sha256:ca
"""


def test_a_pin_that_holds_elsewhere_is_left_out_and_the_targets_python_decides_between_two() -> None:
    old, new = (lock.pins(LOCK, lock.machine(python, "x86_64")) for python in ("3.11", "3.13"))
    assert old.keys() == new.keys() == {"alpha", "beta"}
    assert (old["beta"].version, new["beta"].version) == ("2.0", "3.0")
    assert new["alpha"].line() == "alpha==1.0 --hash=sha256:aa --hash=sha256:ab"


def test_what_is_needed_comes_along_and_nothing_else() -> None:
    text = (Path(__file__).parents[2] / "requirements.lock").read_text()
    there = lock.machine("3.13", "aarch64")
    names = {pin.name for pin in lock.closure([Requirement("boto3")], lock.pins(text, there), there)}
    assert names == {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}


def test_a_package_that_is_not_locked_is_named() -> None:
    there = lock.machine("3.11", "x86_64")
    with pytest.raises(PackageError, match=r"^gamma>=1 is not in requirements.lock for 3\.11: run `make lock`$"):
        lock.closure([Requirement("gamma>=1")], lock.pins(LOCK, there), there)


def wheel(folder: Path, name: str, *needs: str) -> Path:
    """Make a wheel of nothing but what it needs."""
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with ZipFile(file, "w") as archive:
        lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\n{lines}\n")
    return file


def test_what_a_targets_own_wheels_lack_is_said(tmp_path: Path) -> None:
    there = lock.machine("3.13", "x86_64")
    wheels = [
        wheel(tmp_path, "alpha", "beta>=1", "later>=1; python_version >= '3.13'", "old; python_version < '3.12'"),
        wheel(tmp_path, "beta", "fast; extra == 'speed'"),
        wheel(tmp_path, "face", "engine"),
    ]
    assert lock.lacking(wheels, ["face"], there) == ['alpha needs later>=1; python_version >= "3.13"']
    assert len(lock.lacking(wheels, [], there)) == 2
