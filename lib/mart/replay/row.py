"""One line of a CSV file as its cells.

A row is a line: a quoted cell that goes on in the next line is not followed there, since one forgotten quote would then
swallow the rows behind it. Both of its lines are unreadable, and are sent as they are like any other such line.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence

_BOM = "\ufeff"  # what some editors put before the first column's name


def rows(lines: Iterable[bytes], columns: Sequence[str]) -> Iterator[tuple[int, bytes, list[str] | None]]:
    """Give each line with its number, from 1, and its cells; None where they can't be read. The header is left out."""
    for line_number, line in enumerate(lines, start=1):
        row = cells(line, len(columns))
        if line_number > 1 or not is_header(row, columns):
            yield line_number, line, row


def cells(line: bytes, width: int) -> list[str] | None:
    """Split a line; None where it is not UTF-8, has a loose quote, or another number of cells than `width`."""
    try:
        row = line.decode().removesuffix("\r")
        found = next(csv.reader([row], strict=True)) if '"' in row else row.split(",")
    except (UnicodeDecodeError, csv.Error):
        return None
    return found if len(found) == width else None


def is_header(found: Sequence[str] | None, columns: Sequence[str]) -> bool:
    """Tell whether a file's first line names the columns."""
    return found is not None and [found[0].removeprefix(_BOM), *found[1:]] == list(columns)
