"""Rows of a declared table as one Parquet file in memory, as Snowflake's COPY takes it: instants are UTC without a zone."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from mart.edges import arrow
from mart.schema import TIMESTAMP, Column, Table


def file(table: Table, rows: Sequence[Mapping[str, Any]]) -> io.BytesIO:
    """Write rows; each has every column of the table."""
    columns = {column.name: _array(column, [row[column.name] for row in rows]) for column in table.columns}
    content = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), content)
    content.seek(0)
    return content


def _array(column: Column, values: Sequence[Any]) -> pa.Array:
    if column.type == TIMESTAMP:
        return pa.array([_naive(value) for value in values], pa.timestamp("us"))
    return pa.array(values, arrow.of(column.type))


def _naive(instant: datetime | None) -> datetime | None:
    """Take the zone away, which every instant of ours has and which is UTC."""
    return instant and instant.replace(tzinfo=None)
