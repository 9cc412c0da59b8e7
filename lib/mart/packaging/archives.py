"""Archives whose bytes follow from their contents alone: names in order, no times, no owners.

In: entries. Out: a zip, or a tar packed with gzip.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mart.packaging import PackageError


@dataclass(frozen=True)
class Entry:
    """A file of an archive, or a link where `link` says to what."""

    name: str
    content: bytes = b""
    link: str = ""


def zip_of(entries: Iterable[Entry], file: Path, packed: int = ZIP_DEFLATED) -> None:
    """Write a zip. Raises PackageError where two entries have one name and differ."""
    with ZipFile(file, "w") as archive:
        for entry in _once(entries):
            info = ZipInfo(entry.name)  # of 1980, as it says nothing else
            info.external_attr = 0o100644 << 16
            info.compress_type = packed
            archive.writestr(info, entry.content)


def unpacked(file: Path) -> int:
    """Add up what a zip holds [bytes]."""
    with ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def tar_of(entries: Iterable[Entry], file: Path) -> None:
    """Write a packed tar. Raises PackageError where two entries have one name and differ."""
    with (
        file.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for entry in _once(entries):
            info = tarfile.TarInfo(entry.name)
            info.mode, info.size = 0o755, len(entry.content)
            if entry.link:
                info.type, info.linkname = tarfile.SYMTYPE, entry.link
            archive.addfile(info, io.BytesIO(entry.content))


def of_wheels(wheels: Iterable[Path], below: str = "") -> Iterator[Entry]:
    """Unpack wheels as an installer does, but for their programs, which name the Python that they were installed by."""
    for wheel in sorted(wheels):
        with ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                place = _installed(name)
                if place and not name.endswith("/"):
                    yield Entry(below + place, archive.read(name))


def of_folder(folder: Path, below: str, pattern: str = "**/*.py") -> Iterator[Entry]:
    """Take a folder's files."""
    for file in sorted(folder.glob(pattern)):
        yield Entry(f"{below}{file.relative_to(folder)}", file.read_bytes())


def _installed(name: str) -> str:
    """Say where a file of a wheel goes; nowhere where it belongs to no package (a wheel's .data folder)."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, inner = rest.partition("/")
    return inner if kind in ("purelib", "platlib") else ""


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Leave out what has been there; packages share a licence now and then."""
    seen: dict[str, bytes] = {}
    for entry in entries:
        content = hashlib.sha256(entry.content).digest()
        if entry.name not in seen:
            seen[entry.name] = content
            yield entry
        elif seen[entry.name] != content:
            raise PackageError(f"{entry.name} is in two packages, and differs")
