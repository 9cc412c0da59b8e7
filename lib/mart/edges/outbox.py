"""The outbox of the lake: rows on their way out, as Parquet files of bounded size below `<lake>/_outbox`.

Spark writes them where the lake is, on a disk or in S3; the driver brings them out, one file in memory at a time, so only the
bytes of what changed pass it. Where that line becomes too narrow, an external stage over this folder takes the place of PUT.
"""

from dataclasses import dataclass
from typing import BinaryIO

import pyarrow.parquet
from pyarrow import fs
from pyspark.sql import DataFrame

from mart.edges import storage
from mart.schema import Table
from mart.settings import Settings


@dataclass(frozen=True)
class Parcel:
    """One file of the outbox."""

    name: str
    path: str
    rows: int


def write(settings: Settings, table: Table, frame: DataFrame, rows_per_file: int) -> list[Parcel]:
    """Write rows in place of what the table's outbox holds; files without rows are left out."""
    frame.write.mode("overwrite").option("maxRecordsPerFile", rows_per_file).parquet(address(settings, table))
    system, folder = place(settings, table)
    files = system.get_file_info(fs.FileSelector(folder))
    parcels = [_parcel(system, file) for file in files if file.base_name.endswith(".parquet")]
    return [parcel for parcel in parcels if parcel.rows]


def read(settings: Settings, table: Table, parcel: Parcel) -> BinaryIO:
    """Open a file of the outbox."""
    system, _ = place(settings, table)
    stream: BinaryIO = system.open_input_file(parcel.path)
    return stream


def empty(settings: Settings, table: Table) -> None:
    """Delete what the table's outbox holds."""
    system, folder = place(settings, table)
    system.delete_dir(folder)


def address(settings: Settings, table: Table) -> str:
    """Tell where a table's outbox lies, as Spark names it."""
    return f"{settings.lake}/_outbox/{table.path}"


def place(settings: Settings, table: Table) -> tuple[fs.FileSystem, str]:
    """Find the outbox's file system and the path in it."""
    return storage.find(settings, address(settings, table))


def _parcel(system: fs.FileSystem, file: fs.FileInfo) -> Parcel:
    with system.open_input_file(file.path) as stream:
        return Parcel(file.base_name, file.path, pyarrow.parquet.read_metadata(stream).num_rows)
