"""What refine takes in: the staged rows as they are now, brought to the lake as Parquet, in parts of bounded size.

The driver passes on a part at a time, so its memory does not grow with the staging. Where one driver becomes too slow (some
50 MB/s), Snowflake's own unload to an external stage takes the place of this file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession

from mart.edges import arrow, outbox
from mart.edges.snowflake import Warehouse
from mart.schema import TIMESTAMP, Table, Type
from mart.settings import Settings
from mart.tables.staged import PRODUCT_DETAILS


@dataclass(frozen=True)
class Claim:
    """Staged rows: how many, and the Parquet files on the lake that hold them."""

    rows: int
    path: str

    def frame(self, spark: SparkSession) -> DataFrame:
        """Read them. Out: the columns of PRODUCT_DETAILS."""
        return spark.read.parquet(self.path)


def claim(settings: Settings, warehouse: Warehouse) -> Claim | None:
    """Bring what is staged to the lake, in place of what a killed run left there; None where nothing is staged."""
    names = ", ".join(PRODUCT_DETAILS.names)
    system, place = outbox.place(settings, PRODUCT_DETAILS)
    system.create_dir(place, recursive=True)
    system.delete_dir_contents(place)
    parts = warehouse.tables(f"SELECT {names} FROM {PRODUCT_DETAILS.full_name}")
    rows = sum(_write(system, f"{place}/part-{n:05}.parquet", part) for n, part in enumerate(_typed(parts)))
    return Claim(rows, outbox.address(settings, PRODUCT_DETAILS)) if rows else None


def _typed(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    for part in parts:
        if part.num_rows:
            yield typed(part.rename_columns([name.lower() for name in part.column_names]), PRODUCT_DETAILS)


def typed(rows: pa.Table, table: Table) -> pa.Table:
    """Give rows the declared types, whatever the client made of them: a small number comes as a byte."""
    columns = {column.name: _cast(rows.column(column.name), column.type) for column in table.columns}
    return pa.table(columns)


def _cast(values: pa.ChunkedArray, declared: Type) -> pa.ChunkedArray:
    if declared == TIMESTAMP:
        return pc.assume_timezone(values.cast(pa.timestamp("us")), "UTC")
    return values.cast(arrow.of(declared))


def _write(system: fs.FileSystem, path: str, rows: pa.Table) -> int:
    pq.write_table(rows, path, filesystem=system)
    return int(rows.num_rows)
