"""The first row of each key, in an order that says which one."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def first(rows: DataFrame, key: Sequence[str], *order: str | Column) -> DataFrame:
    """Keep the row of each key that comes first; the order should leave no two alike."""
    turn = F.row_number().over(Window.partitionBy(*key).orderBy(*order))
    return rows.withColumn("turn", turn).where("turn = 1").drop("turn")
