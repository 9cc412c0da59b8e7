"""Changes of a table, as another copy of it has to be told them. In: a change feed, or a whole table. Out: staged rows."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.schema import Table
from mart.schema.snowflake import DELETED, published

COMES = ("insert", "update_postimage")


def net(feed: DataFrame, table: Table) -> DataFrame:
    """Reduce a change feed to one row a changed key: its newest values, or `_deleted`.

    A row that went and came back unchanged cancels out, so a rewritten partition costs only the rows that differ.
    """
    step = F.when(F.col("_change_type").isin(*COMES), 1).otherwise(-1)
    columns = _plain(feed, table)
    differing = feed.select(*columns, step.alias("step")).groupBy(*_names(table)).agg(F.sum("step").alias("net"))
    newest_first = Window.partitionBy(*table.key).orderBy(F.desc("net"))
    ranked = differing.where("net != 0").withColumn("place", F.row_number().over(newest_first)).where("place = 1")
    return ranked.select(*_names(table), (F.col("net") < 0).alias(DELETED))


def whole(rows: DataFrame, table: Table) -> DataFrame:
    """Stage every row of a table."""
    return staged(rows, table, F.lit(False))


def staged(rows: DataFrame, table: Table, gone: Column) -> DataFrame:
    """Stage rows; those that are `gone` are taken away there."""
    return rows.select(*_plain(rows, table), gone.alias(DELETED))


def _names(table: Table) -> list[str]:
    return [column.name for column in published(table)]


def _plain(frame: DataFrame, table: Table) -> list[Column]:
    """Select the published columns; instants without zone (they are UTC), null for a column that the lake lacks yet."""
    return [
        (F.col(c.name) if c.name in frame.columns else F.lit(None)).cast(_zoneless(c.type.spark)).alias(c.name)
        for c in published(table)
    ]


def _zoneless(spark_type: str) -> str:
    return "TIMESTAMP_NTZ" if spark_type == "TIMESTAMP" else spark_type
