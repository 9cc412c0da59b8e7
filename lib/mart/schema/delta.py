"""A declaration as Delta DDL: text only."""

from mart.schema import Column, Table

# Reader version 1 and no reader feature: Athena, Redshift Spectrum, DuckDB and Snowflake must read every table.
# A local disk lists the whole log at every update, so checkpoints are rare but never off (lambda-findings F1, F2).
DEFAULTS = {"delta.enableDeletionVectors": "false", "delta.checkpointInterval": "100"}


def create(table: Table, path: str) -> str:
    """Make the statement that creates `table` at `path` where it does not exist."""
    columns = ",\n  ".join(_column(table, column) for column in table.columns)
    partition = f"PARTITIONED BY ({', '.join(f'`{name}`' for name in table.partition)})" if table.partition else ""
    properties = ",\n  ".join(f"'{name}' = '{value}'" for name, value in _properties(table).items())
    return (
        f"CREATE TABLE IF NOT EXISTS delta.`{path}` (\n  {columns}\n) USING DELTA {partition}\n"
        f"COMMENT {_text(table.doc)}\nTBLPROPERTIES (\n  {properties}\n)"
    )


def add(path: str, columns: tuple[Column, ...]) -> str:
    """Make the statement that adds new nullable columns to the table at `path`."""
    added = ", ".join(f"`{c.name}` {c.type.spark} COMMENT {_text(c.doc)}" for c in columns)
    return f"ALTER TABLE delta.`{path}` ADD COLUMNS ({added})"


def _column(table: Table, column: Column) -> str:
    required = " NOT NULL" if column.name in table.key else ""
    return f"`{column.name}` {column.type.spark}{required} COMMENT {_text(column.doc)}"


def _properties(table: Table) -> dict[str, str]:
    # Delta fails a check that is null; in SQL, and here, an absent value breaks no condition.
    checks = {f"delta.constraints.{name}": _escape(f"coalesce({rule}, true)") for name, rule in table.checks.items()}
    # Delta would measure every column of every file, in more time than the writing of a small one takes.
    measured = ",".join(f"`{name}`" for name in table.key if name not in table.partition)
    return DEFAULTS | {"delta.dataSkippingStatsColumns": measured} | dict(table.properties) | checks


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _text(text: str) -> str:
    return f"'{_escape(text)}'"
