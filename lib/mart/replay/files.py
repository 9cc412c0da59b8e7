"""Input files: which ones are meant, and their lines.

A line ends with a line feed and nothing else ends one: carriage returns, form feeds and Unicode's line separators are part of it.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO


class NoInput(ValueError):
    """Paths that can't be replayed; the message says why."""


def find(paths: Iterable[Path], suffixes: Sequence[str]) -> list[Path]:
    """List the files meant: a file as it is named, a folder's own files of these suffixes (or with .gz) by name.

    Raises NoInput where there are none, and where two have one name: the name is part of their events' ids.
    """
    found = [file for path in paths for file in ([path] if path.is_file() else _inside(path, suffixes))]
    by_name: dict[str, Path] = {}
    for file in found:
        twin = by_name.setdefault(file.name, file)
        if twin is not file:
            raise NoInput(f"{twin} and {file} have the same name, so their events would have the same ids: rename one")
    return found


def _inside(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        raise NoInput(f"{folder} does not exist")
    fits = tuple(end for suffix in suffixes for end in (suffix, f"{suffix}.gz"))
    files = sorted(file for file in folder.iterdir() if file.name.endswith(fits) and file.is_file())
    visible = [file for file in files if not file.name.startswith((".", "_"))]
    if not visible:
        raise NoInput(f"{folder} holds no {' or '.join(suffixes)} file")
    return visible


def lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """Give the lines of an open file without their ends, unpacked where the name ends in .gz. Raises NoInput."""
    try:
        for line in gzip.GzipFile(fileobj=stream) if name.endswith(".gz") else stream:
            yield line[:-1] if line.endswith(b"\n") else line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NoInput(f"{name} is not whole: {error}") from None
