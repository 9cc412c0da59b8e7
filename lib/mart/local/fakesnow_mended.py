"""Faults of fakesnow 0.12.1 with duckdb 2.0 that would let right code fail or wrong code pass, mended in its process.

tests/edges/test_snowflake.py and tests/jobs/test_publish_snowflake.py fail without each of them.
"""

import math
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
    _errors()


def _comments() -> None:
    """Record no comment for a table without one.

    MERGE makes a temporary table; recording its missing comment in another database makes duckdb refuse the transaction.
    """
    schema: Any = import_module("fakesnow.info_schema")
    insert = schema.insert_table_comment_sql

    def insert_table_comment_sql(catalog: str, schema: str, table: str, comment: str | None) -> str:
        return str(insert(catalog, schema, table, comment)) if comment else "SELECT 1"

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


def _errors() -> None:
    """Answer a statement that fails with an error, as clients retry an HTTP 500 until their patience ends.

    A conflict of two transactions is the lock that Snowflake would have waited for in vain; like Snowflake, roll back
    the other one if its client was killed, so that its locks don't last as long as the server.
    """
    cursor: Any = import_module("fakesnow.cursor").FakeSnowflakeCursor
    execute = cursor.execute

    def execute_and_tell(self: Any, *args: object, **options: object) -> object:  # noqa: ANN401
        self._conn.heard_at = math.inf  # at work
        try:
            return execute(self, *args, **options)
        except errors.Error:
            raise
        except Exception as error:
            locked = isinstance(error, duckdb.TransactionException) and "onflict" in str(error)
            if locked:
                _roll_back_abandoned()
            raise errors.ProgrammingError(msg=str(error), errno=625 if locked else 603, sqlstate="57014") from error
        finally:
            self._conn.heard_at = time.monotonic()

    cursor.execute = execute_and_tell


def _roll_back_abandoned() -> None:
    server: Any = import_module("fakesnow.server")
    for session in list(server.sessions.values()):
        if time.monotonic() - getattr(session, "heard_at", math.inf) > ABANDONED:
            with suppress(duckdb.Error):  # most have no transaction open
                session._duck_conn.rollback()
