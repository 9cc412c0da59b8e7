"""Readers of foreign data sets, and the generator of a shop.

A format reads a file's lines and gives records of activity, one a line; it never judges what they say: ingest does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mart.replay import jsonl, online_retail, rees46
from mart.replay.catalogue import Catalogue
from mart.replay.record import Record

Read = Callable[[str, Iterable[bytes], Catalogue], Iterator[Record]]


@dataclass(frozen=True)
class Format:
    """How a data set is read: `read(file_name, lines, catalogue)` gives the records and fills the catalogue."""

    name: str
    suffixes: tuple[str, ...]
    read: Read


FORMATS = {
    format_.name: format_
    for format_ in (
        Format(online_retail.NAME, (".csv",), online_retail.read),
        Format(rees46.NAME, (".csv",), rees46.read),
        Format(jsonl.NAME, (".jsonl", ".ndjson", ".json"), jsonl.read),
    )
}
