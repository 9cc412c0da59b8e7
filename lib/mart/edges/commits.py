"""Commits: Parquet that Spark has written becomes rows of a Delta table, together with its frontier.

Spark writes, delta-rs commits. Delta's own writer rebuilds the table's state in three Spark jobs before a commit that carries a
frontier: 0.74 s for a thousand rows, 0.20 s this way (decision 0010). What Delta's writer does besides is done here: the
table's conditions are checked as the rows are written, and the key columns' statistics are taken from the files' footers.
The files lie in a folder of their own below the table's: those of a write that was killed are nobody's.
"""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction
from pyarrow.fs import FileInfo, FileSelector, PyFileSystem
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.edges import storage
from mart.schema import Table
from mart.settings import Settings

File = tuple[str, int]  # path below the table, bytes
Values = dict[str, str | None]  # a file's partition
Within = tuple[str, Sequence[tuple[datetime, datetime]]]  # a key column, and spans of its values, both ends included

NOBODY = "__HIVE_DEFAULT_PARTITION__"
LATER = 10  # more commits of others do not come between ours and the question which it was
LONGEST = 64  # of a text that is worth having as a bound [characters]


@dataclass(frozen=True)
class Appended:
    """What a write has done: the version that holds the rows, and how many there were."""

    version: int
    rows: int


def write(settings: Settings, table: Table, frame: DataFrame) -> list[AddAction]:
    """Write rows into a new folder below the table's; nobody sees them before `commit`.

    Raises Spark's error where a row breaks a condition of the table.
    """
    folder = f"rows-{uuid.uuid4().hex}"
    writer = checked(frame, table).write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    writer = writer.partitionBy(*table.partition) if table.partition else writer
    writer.parquet(f"{settings.lake}/{table.path}/{folder}")
    files = _below(settings, table)
    found = files.get_file_info(FileSelector(folder, recursive=True))
    added = (_added(files, table, file) for file in found if file.path.endswith(".parquet"))
    return [one for one in added if one is not None]


def checked(frame: DataFrame, table: Table) -> DataFrame:
    """Let a row that breaks a condition of the table fail the write. An absent value breaks none, but in the key."""
    rules = [F.col(name).isNotNull() for name in table.key]
    rules += [F.coalesce(F.expr(rule), F.lit(True)) for rule in table.checks.values()]
    broken = F.raise_error(
        F.lit(f"{table.full_name}: a row without a key, or one that breaks {', '.join(table.checks)}")
    )
    first = table.names[0]
    return frame.withColumn(first, F.when(reduce(lambda one, two: one & two, rules), F.col(first)).otherwise(broken))


def commit(
    opened: DeltaTable,
    table: Table,
    added: list[AddAction],
    removed: Iterable[RemoveAction] = (),
    at: tuple[str, int] | None = None,
) -> Appended:
    """Commit files, written or taken away, and the frontier.

    Raises CommitFailedError where somebody moved the same frontier, or took one of the files away, after `opened` was opened.
    """
    token = uuid.uuid4().hex
    opened.create_write_transaction(
        [*removed, *added],
        mode="append",
        schema=opened.schema(),
        partition_by=list(table.partition),
        commit_properties=CommitProperties(
            custom_metadata={"userMetadata": token}, app_transactions=[Transaction(*at)] if at else None
        ),
    )
    opened.update_incremental()
    # Each entry is a file to be read, and most often the first is it.
    newest = (made for most in (1, LATER) for made in opened.history(most))
    version = next(made["version"] for made in newest if made.get("userMetadata") == token)
    return Appended(int(version), sum(json.loads(one.stats)["numRecords"] for one in added))


def taken_away(those: Iterable[File], changes: bool = True) -> list[RemoveAction]:
    """Name files for a commit that puts others, or nothing, in their place; it `changes` rows, or not."""
    now = int(time.time() * 1000)
    return [RemoveAction(path, changes, now, size, partition(path)) for path, size in those]


def files(
    opened: DeltaTable, table: Table, values: Iterable[object] | None = None, within: Within | None = None
) -> list[File]:
    """List the files of whole partitions, of all if none are named, or of those among them that the bounds name.

    Tables that are read or replaced by partitions have one partition column.
    """
    known = pa.table(opened.get_add_actions(flatten=True))
    if values is not None:
        (name,) = table.partition
        folder = known[f"partition.{name}"]
        known = known.filter(pa.compute.is_in(folder, pa.array(values, folder.type)))
    if within and f"min.{within[0]}" in known.column_names:
        known = known.filter(_may_hold(known[f"min.{within[0]}"], known[f"max.{within[0]}"], within[1]))
    listed = known.select(["path", "size_bytes"]).to_pylist()
    return [
        (unquote(row["path"]), row["size_bytes"]) for row in listed
    ]  # as the log spells it; all else means the file


def _may_hold(
    least: pa.ChunkedArray, greatest: pa.ChunkedArray, spans: Iterable[tuple[datetime, datetime]]
) -> pa.Array:
    """Tell which files may hold a value in one of the spans; one without bounds may hold anything."""
    meets = [
        pa.compute.and_(
            pa.compute.less_equal(least, pa.scalar(last, least.type)),
            pa.compute.greater_equal(greatest, pa.scalar(first, greatest.type)),
        )
        for first, last in spans
    ]
    return pa.compute.fill_null(reduce(pa.compute.or_, meets, pa.array([False] * len(least), pa.bool_())), True)


def sweep(settings: Settings, table: Table, kept: timedelta = timedelta(days=7)) -> None:
    """Delete what killed writes have left below a table: VACUUM leaves Spark's own folders alone, as all that begin with _."""
    there = _below(settings, table)
    for file in there.get_file_info(FileSelector("", recursive=True)):
        half = "/_temporary/" in file.path or "/__magic" in file.path  # the latter by the committer that S3 has
        if half and file.is_file and file.mtime < datetime.now(UTC) - kept:
            there.delete_file(file.path)


def _below(settings: Settings, table: Table) -> PyFileSystem:
    """Open the files below a table."""
    address = f"{settings.lake}/{table.path}"
    return PyFileSystem(DeltaStorageHandler(address, storage.options(settings, address)))


def partition(path: str) -> Values:
    """Read a file's partition from the folders that it lies in, whose names Spark escapes."""
    pairs = (folder.split("=", 1) for folder in path.split("/")[:-1] if "=" in folder)
    return {name: None if value == NOBODY else unquote(value) for name, value in pairs}


def _added(files: PyFileSystem, table: Table, file: FileInfo) -> AddAction | None:
    with files.open_input_file(file.path) as source:
        footer = pq.read_metadata(source)
    if footer.num_rows == 0:
        return None
    stats = json.dumps({"numRecords": footer.num_rows} | _bounds(footer, table))
    return AddAction(file.path, file.size, partition(file.path), int(time.time() * 1000), True, stats)


def _bounds(footer: pq.FileMetaData, table: Table) -> dict[str, dict[str, object]]:
    """Least and greatest value of each key column that every row group knows, and that it is never null.

    Delta skips a file only where it has all three.
    """
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    least, greatest = {}, {}
    for index in range(footer.num_columns):
        name = footer.schema.column(index).path
        known = [group.column(index).statistics for group in groups]
        if name in table.key and all(one is not None and one.has_min_max for one in known):
            least[name] = _plain(min(one.min for one in known))
            greatest[name] = _plain(max(one.max for one in known))
    short = [name for name in least if max(len(str(least[name])), len(str(greatest[name]))) <= LONGEST]
    return {
        "minValues": {name: least[name] for name in short},
        "maxValues": {name: greatest[name] for name in short},
        "nullCount": dict.fromkeys(short, 0),
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value
