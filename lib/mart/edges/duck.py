"""DuckDB over the lake: every declared table and view under its name, read without Spark."""

import base64
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa

from mart.edges import arrow, delta
from mart.schema import Table, View
from mart.settings import Settings
from mart.tables import CATALOGUE, VIEWS


class QueryError(ValueError):
    """SQL that can't be answered; the message is DuckDB's own, on one line."""


def ask(settings: Settings, sql: str, values: Sequence[object] = ()) -> tuple[list[str], list[tuple[object, ...]]]:
    """Answer a question, `?` standing for values: column names and rows. Raises QueryError."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        _attach(connection, settings, sql)
        try:
            answer = connection.execute(sql, values)
            return [column[0] for column in answer.description or ()], answer.fetchall()
        except duckdb.Error as error:
            raise QueryError(" ".join(str(error).split())) from None


def reads(sql: str) -> list[Table]:
    """List the tables that a question reads, itself or through views."""
    text = " ".join([sql, *(view.sql for view in _views(sql))])
    return [table for table in CATALOGUE if _mentions(text, table.full_name)]


def _views(sql: str) -> list[View]:
    return [view for view in VIEWS if _mentions(sql, view.full_name)]


def _attach(connection: duckdb.DuckDBPyConnection, settings: Settings, sql: str) -> None:
    """Register what the question, or a view that it names, mentions."""
    for table in reads(sql):
        _register(connection, settings, table)
    for view in _views(sql):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {view.layer}")
        connection.execute(f"CREATE VIEW {view.full_name} AS {view.sql}")


def _register(connection: duckdb.DuckDBPyConnection, settings: Settings, table: Table) -> None:
    rows = delta.scan(settings, table.path)
    name = f"_{table.layer}_{table.name}"
    connection.register(name, rows if rows is not None else empty(table))
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
    connection.execute(f"CREATE VIEW {table.full_name} AS SELECT * FROM {name}")


def _mentions(sql: str, name: str) -> bool:
    layer, table = name.split(".")
    return bool(re.search(rf'\b{layer}"?\s*\.\s*"?{table}\b', sql, re.IGNORECASE))


def empty(table: Table) -> pa.Table:
    """The table without rows, for a lake that does not hold it yet."""
    return pa.schema([(column.name, arrow.of(column.type)) for column in table.columns]).empty_table()


def plain(value: object) -> object:
    """Make a value JSON: instants as ISO 8601 with their zone, decimals as numbers, bytes as base64.

    A decimal of more digits than a float holds stays text, so that nothing is rounded.
    """
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
