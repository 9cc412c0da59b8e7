"""A declaration as a Spark schema."""

from pyspark.sql.types import StructType

from mart.schema import Table


def struct(table: Table) -> StructType:
    """Give the table's columns as Spark types; key columns are required."""
    required = set(table.key)
    columns = (f"`{c.name}` {c.type.spark}{' NOT NULL' if c.name in required else ''}" for c in table.columns)
    schema = StructType.fromDDL(", ".join(columns))
    assert isinstance(schema, StructType)
    return schema
