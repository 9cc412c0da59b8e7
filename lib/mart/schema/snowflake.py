"""A declaration as Snowflake SQL: text only.

Sketches stay on the lake (their estimate is published), and identifiers are unquoted: Snowflake folds them to upper case.
A staged table has one column more, `_deleted`: true says that the key is gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mart.schema import BINARY, FLOATS, PROPERTIES, Column, Table

DELETED = "_deleted"
NESTED = (BINARY, FLOATS, PROPERTIES)


@dataclass(frozen=True)
class Found:
    """A column as Snowflake has it: name in lower case, type as `Type.snowflake` writes it."""

    name: str
    type: str
    required: bool


def published(table: Table) -> tuple[Column, ...]:
    """Give the columns that Snowflake gets. Raises ValueError for a nested or binary one: it has no plain form there."""
    columns = tuple(table.column(name) for name in table.comparable)
    if nested := [column.name for column in columns if column.type in NESTED]:
        raise ValueError(f"{table.full_name}: can't be published as plain columns: {', '.join(nested)}")
    return columns


def ddl(table: Table) -> str:
    """Make the statement that creates the table where it does not exist."""
    columns = ",\n  ".join(_column(table, column) for column in published(table))
    return f"CREATE TABLE IF NOT EXISTS {table.name} (\n  {columns}\n) COMMENT = {_text(table.doc)}"


def view(table: Table, schema: str) -> str:
    """Make the statement that shows the published table, which lies in `schema`, to people: each column with what it means.

    It belongs into a schema of its own, so that a reader sees views alone.
    """
    columns = ",\n  ".join(f"{column.name} COMMENT {_text(column.doc)}" for column in published(table))
    names = ", ".join(column.name for column in published(table))
    shown = f"SELECT {names} FROM {schema}.{table.name}"
    return f"CREATE OR REPLACE VIEW {table.name} (\n  {columns}\n) COMMENT = {_text(table.doc)} AS\n{shown}"


def alter(table: Table, columns: Iterable[Column]) -> list[str]:
    """Make the statements that add new nullable columns."""
    return [f"ALTER TABLE {table.name} ADD COLUMN {_column(table, column)}" for column in columns]


def staging(table: Table) -> str:
    """Name the table's staging."""
    return f"{table.name}_staged"


def staging_ddl(table: Table) -> str:
    """Make the statement that creates the staging: temporary, so no other session and no later run ever sees its rows."""
    columns = ",\n  ".join(f"{column.name} {column.type.snowflake}" for column in published(table))
    return f"CREATE OR REPLACE TEMPORARY TABLE {staging(table)} (\n  {columns},\n  {DELETED} BOOLEAN\n)"


def copy(table: Table) -> str:
    """Make the statement that loads the staging from the files put to its own stage."""
    return (
        f"COPY INTO {staging(table)} FROM @%{staging(table)} "
        "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
    )


def merge(table: Table, newer: str | None = None) -> str:
    """Make the statement that brings staged rows into the table: new, changed and deleted ones.

    With `newer`, a row that is there stays unless the staged one's column of that name is at least as late.
    """
    names = [column.name for column in published(table)]
    changed = ", ".join(f"{name} = s.{name}" for name in names if name not in table.key)
    return (
        f"MERGE INTO {table.name} t USING {staging(table)} s ON {_same_key(table, 't')}\n"
        f"WHEN MATCHED AND s.{DELETED} THEN DELETE\n"
        f"WHEN MATCHED{f' AND s.{newer} >= t.{newer}' if newer else ''} THEN UPDATE SET {changed}\n"
        f"WHEN NOT MATCHED AND NOT s.{DELETED} THEN\n"
        f"  INSERT ({', '.join(names)}) VALUES ({', '.join(f's.{name}' for name in names)})"
    )


def prune(table: Table) -> str:
    """Make the statement that deletes rows that are not staged: for a staging that holds the whole table."""
    return (
        f"DELETE FROM {table.name} WHERE NOT EXISTS (\n"
        f"  SELECT 1 FROM {staging(table)} s WHERE {_same_key(table, table.name)}\n)"
    )


def missing(table: Table, found: Sequence[Found]) -> tuple[Column, ...]:
    """Give the published columns that the table in Snowflake lacks and can be given: those outside the key."""
    there = {column.name for column in found}
    return tuple(column for column in published(table) if column.name not in there and column.name not in table.key)


def differences(table: Table, found: Sequence[Found]) -> list[str]:
    """Say how the table in Snowflake differs from its declaration, new nullable columns left out."""
    declared = {column.name: column.type.snowflake for column in published(table)}
    required = {column.name for column in found if column.required}
    faults = [f"{c.name} is not declared" for c in found if c.name not in declared]
    faults += [
        f"{c.name} is {c.type} there, declared as {declared[c.name]}"
        for c in found
        if c.name in declared and c.type != declared[c.name]
    ]
    if required != set(table.key):
        faults.append(f"the key is ({', '.join(sorted(required))}) there, declared as ({', '.join(sorted(table.key))})")
    return faults


def _same_key(table: Table, target: str) -> str:
    return " AND ".join(f"{target}.{name} = s.{name}" for name in table.key)


def _column(table: Table, column: Column) -> str:
    required = " NOT NULL" if column.name in table.key else ""
    return f"{column.name} {column.type.snowflake}{required} COMMENT {_text(column.doc)}"


def _text(text: str) -> str:
    """Quote a comment. A typographic apostrophe needs no escape, which clients and emulators disagree about."""
    return "'" + text.replace("\\", "\\\\").replace("'", "’") + "'"
