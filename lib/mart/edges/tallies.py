"""What the log of a Delta table says by itself: rows by partition, which version stood when, how long changes have waited.

In: a table of the lake. Out: counts and instants. No row is read: each file's number of rows stands in the log, whatever the
table's size, and joining small files changes none of these counts.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from deltalake import DeltaTable

from mart.edges import delta
from mart.schema import Table
from mart.settings import Settings

LOOK = 200  # commits that are looked through at most: what is older has waited for longer than that
CHANGING = ("WRITE", "STREAMING UPDATE", "MERGE", "UPDATE", "DELETE", "RESTORE")  # maintenance commits versions, too

Tally = Counter[tuple[str, ...]]


def rows(settings: Settings, table: Table, by: tuple[str, ...], version: int | None = None) -> Tally | None:
    """Count rows by partition columns, at a version if one is given; None where there is no table yet."""
    opened = delta.open_table(settings, table.path, version)
    return count(opened, by) if opened else None


def before(settings: Settings, table: Table, at: datetime, by: tuple[str, ...]) -> Tally:
    """Count rows by partition columns as they were at an instant; none where the table is younger."""
    opened = delta.open_table(settings, table.path)
    stood = _version_at(opened, at) if opened else None
    return (rows(settings, table, by, stood) if stood is not None else None) or Counter()


def waiting_since(settings: Settings, table: Table, version: int) -> datetime | None:
    """Tell when the first version after this one was committed that brought rows; None where there is none."""
    opened = delta.open_table(settings, table.path)
    if opened is None or opened.version() <= version:
        return None
    commits = opened.history(min(opened.version() - version, LOOK))
    return min((_instant(one["timestamp"]) for one in commits if one["operation"] in CHANGING), default=None)


def count(opened: DeltaTable, by: tuple[str, ...]) -> Tally:
    """Count the rows of an open table by partition columns."""
    files = pa.table(opened.get_add_actions(flatten=True))
    found: Tally = Counter()
    columns = [files[f"partition.{name}"].to_pylist() for name in by] if len(files) else []
    for number, *values in zip(files["num_records"].to_pylist(), *columns, strict=True):
        found[tuple(str(value) for value in values)] += number or 0
    return found


def _version_at(opened: DeltaTable, at: datetime) -> int | None:
    """Find the newest version that was committed at or before an instant, LOOK commits back at most."""
    for commit in opened.history(LOOK):
        if _instant(commit["timestamp"]) <= at:
            return int(commit["version"])
    return None if opened.version() < LOOK else opened.version() - LOOK


def _instant(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
