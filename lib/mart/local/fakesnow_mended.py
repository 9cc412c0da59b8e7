"""Faults of fakesnow 0.12.1 with duckdb 2.0 that would let right code fail or wrong code pass, mended in its process.

Each has a test in tests/local/test_fakesnow_mended.py that says what Snowflake does.
"""

import time
from contextlib import suppress
from importlib import import_module
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from snowflake.connector import errors
from sqlglot import exp

ABANDONED = 3.0  # seconds that an idle transaction may stand in the way; five minutes in Snowflake


def mend() -> None:
    """Mend what is imported already; call before the server starts."""
    _comments()
    _null_timestamps()
    _copy_into_temporary_tables()
    _abandoned_transactions()
    _errors()


def _comments() -> None:
    """Let a table's comment hold an apostrophe, and record none for a table without.

    MERGE makes a temporary table; recording its missing comment in another database makes duckdb refuse the transaction.
    """
    schema: Any = import_module("fakesnow.info_schema")
    insert = schema.insert_table_comment_sql

    def insert_table_comment_sql(catalog: str, schema: str, table: str, comment: str | None) -> str:
        return str(insert(catalog, schema, table, comment.replace("'", "''"))) if comment else "SELECT 1"

    schema.insert_table_comment_sql = insert_table_comment_sql


def _null_timestamps() -> None:
    """Send a null timestamp as null, not as 1970."""
    arrow: Any = import_module("fakesnow.arrow")
    struct = arrow.timestamp_to_sf_struct

    def timestamp_to_sf_struct(column: pa.Array | pa.ChunkedArray) -> pa.Array:
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        filled = struct(pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type)))
        return pa.StructArray.from_arrays(filled.flatten(), fields=list(filled.type), mask=column.is_null())

    arrow.timestamp_to_sf_struct = timestamp_to_sf_struct


def _copy_into_temporary_tables() -> None:
    """Let COPY INTO find a temporary table, which duckdb keeps outside of every schema."""
    copy: Any = import_module("fakesnow.copy_into")
    describe = copy._describe_table

    def _describe_table(
        table: exp.Table, duck: duckdb.DuckDBPyConnection, database: str | None, schema: str | None
    ) -> list[tuple[str, str]]:
        query = "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'temp' AND table_name = ?"
        found: list[tuple[str, str]] = duck.execute(query, [table.name]).fetchall()
        return found or describe(table, duck, database, schema)

    copy._describe_table = _describe_table


def _abandoned_transactions() -> None:
    """Roll a killed client's transaction back in the end, so that its locks don't last as long as the server."""
    server: Any = import_module("fakesnow.server")
    to_conn = server.to_conn
    used: dict[str, float] = {}  # when a session was last heard of

    def to_connection(token: str) -> object:
        now = time.monotonic()
        for other in [t for t, at in used.items() if t != token and now - at > ABANDONED]:
            del used[other]
            with suppress(Exception):  # most have no transaction open, or are closed
                server.sessions[other]._duck_conn.rollback()
        used[token] = now
        return to_conn(token)

    server.to_conn = to_connection


def _errors() -> None:
    """Answer a statement that fails with an error, as clients retry an HTTP 500 until their patience ends.

    A conflict of two transactions is the lock that Snowflake would have waited for in vain.
    """
    cursor: Any = import_module("fakesnow.cursor").FakeSnowflakeCursor
    execute = cursor.execute

    def execute_and_tell(self: object, *args: object, **options: object) -> object:
        try:
            return execute(self, *args, **options)
        except errors.Error:
            raise
        except Exception as error:
            locked = isinstance(error, duckdb.TransactionException) and "onflict" in str(error)
            raise errors.ProgrammingError(msg=str(error), errno=625 if locked else 603, sqlstate="57014") from error

    cursor.execute = execute_and_tell
