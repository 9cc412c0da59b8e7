"""The inbox of the landing zone: files of records that ingest takes in as it takes in a topic's partitions.

In: payloads, none of which holds a line break. Out: files of lines, visible only when whole. A file's name follows from its
content, so writing the same again changes nothing, and other content never replaces a file that may have been read.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from pyarrow import fs

from mart.edges import storage
from mart.settings import Settings

LARGEST_FILE = 32_000_000  # bytes, a single larger record excepted: one is held in memory, and one task reads one


@dataclass(frozen=True)
class Written:
    """What became of the payloads: of `lines` given, `known` lay in the inbox already."""

    lines: int = 0
    known: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.lines + other.lines, self.known + other.known)


def write(settings: Settings, folder: str, name: str, lines: Iterable[bytes], largest: int = LARGEST_FILE) -> Written:
    """Write lines to `<lake>/landing/inbox/<folder>/<name>-<part>-<digest>.jsonl`, as many parts as their size asks for.

    Raises OSError where the lake can't be written: a full disk, no permission.
    """
    files, place = _open(settings, folder)
    written = Written()
    for part, chunk in enumerate(_chunks(lines, largest)):
        content = _content(chunk)
        path = f"{place}/{_safe(name)}-{part:04}-{_digest(name, content)}.jsonl"
        known = storage.is_there(files, path)
        if not known:
            storage.put(files, path, content)
        written += Written(len(chunk), len(chunk) if known else 0)
    return written


def _open(settings: Settings, folder: str) -> tuple[fs.FileSystem, str]:
    """Open the file system that the lake lies in and make the folder."""
    place = f"{settings.lake}/landing/inbox/{folder}"
    files, path = storage.find(settings, place)
    if isinstance(files, fs.LocalFileSystem):
        files.create_dir(path, recursive=True)
    return files, path


def lines(settings: Settings, folder: str) -> Iterator[bytes]:
    """Read the lines of all files in a folder of the inbox, in the order of their names."""
    files, place = _open(settings, folder)
    for file in sorted(files.get_file_info(fs.FileSelector(place)), key=lambda info: info.base_name):
        if file.is_file and not file.base_name.startswith((".", "_")):
            with files.open_input_stream(file.path) as stream:
                yield from stream.read().splitlines()


def _chunks(lines: Iterable[bytes], largest: int) -> Iterator[list[bytes]]:
    """Cut lines into runs of at most `largest` bytes, their ends included."""
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        if chunk and size + len(line) + 1 > largest:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line) + 1
    if chunk:
        yield chunk


def _content(lines: list[bytes]) -> bytes:
    """Join lines; Spark drops one byte order mark at the start of a file, so one that belongs to a record gets another."""
    content = b"".join(line + b"\n" for line in lines)
    return BOM_UTF8 + content if content.startswith(BOM_UTF8) else content


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", name)


def _digest(name: str, content: bytes) -> str:
    """Tell contents apart, and two names that look alike once they are safe."""
    return blake2b(content, digest_size=8, key=blake2b(name.encode(), digest_size=16).digest()).hexdigest()
