"""A declaration as Delta's properties and DDL: text only."""

from mart.schema import Column, Table

# Reader version 1 and no reader feature: Athena, Redshift Spectrum, DuckDB and Snowflake must read every table.
# A local disk lists the whole log at every update, so checkpoints are rare but never off (lambda-findings F1, F2).
DEFAULTS = {"delta.enableDeletionVectors": "false", "delta.checkpointInterval": "100"}


def properties(table: Table) -> dict[str, str]:
    """Give the properties of a table: its checks are among them."""
    # Delta fails a check that is null; in SQL, and here, an absent value breaks no condition.
    checks = {f"delta.constraints.{name}": f"coalesce({rule}, true)" for name, rule in table.checks.items()}
    # Delta would measure every column of every file, in more time than the writing of a small one takes.
    measured = ",".join(f"`{name}`" for name in table.key if name not in table.partition)
    return DEFAULTS | {"delta.dataSkippingStatsColumns": measured} | dict(table.properties) | checks


def add(path: str, columns: tuple[Column, ...]) -> str:
    """Make the statement that adds new nullable columns to the table at `path`."""
    added = ", ".join(f"`{c.name}` {c.type.spark} COMMENT {_text(c.doc)}" for c in columns)
    return f"ALTER TABLE delta.`{path}` ADD COLUMNS ({added})"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
