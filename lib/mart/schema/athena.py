"""A declaration as Amazon Athena's SQL: text only. Names are those of the Glue Data Catalog (schema/glue).

A Delta table takes its columns from its own log, and Athena refuses a statement that names any
(docs.aws.amazon.com/athena/latest/ug/delta-lake-tables-getting-started.html).
"""

import re

from mart.schema import Table, View, glue


def ddl(table: Table, database: str, location: str) -> str:
    """Make the statement that registers the Delta table at `location`, an address of S3."""
    return (
        f"-- {table.full_name}: {table.doc}\n"
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {database}.{glue.name(table)}\n"
        f"LOCATION '{location}/'\nTBLPROPERTIES ('table_type' = 'DELTA');"
    )


def query(question: View, database: str) -> str:
    """Spell a question for Athena: a table's layer becomes the beginning of its name."""
    return re.sub(r"\b(serving|processed)\.(\w+)", rf"{database}.\1_\2", question.sql.strip())
