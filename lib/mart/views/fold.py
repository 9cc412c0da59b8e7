"""Aggregation belongs to the table: a column's fold says how rows of one key become one.

`gather` makes rows of a foldable table from lifted events; `fold` makes one row a key from rows of the table.
Both are associative and commutative, so any split of the events gives the same rows (Summingbird's law).
"""

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.schema import Column as Declared
from mart.schema import Table

LG_CONFIG_K = 12  # 4096 registers, standard error 1.6 %; fixed: sketches of another size do not merge exactly

_FOLDS = {"sum": F.sum, "min": F.min, "max": F.max, "hll": F.hll_union_agg}


def gather(lifted: DataFrame, table: Table) -> DataFrame:
    """Group lifted events by the table's key; a sketch column of `lifted` holds the value to count, as STRING."""
    return _group(lifted, table, _FOLDS | {"hll": lambda value: F.hll_sketch_agg(value, LG_CONFIG_K)})


def fold(rows: DataFrame, table: Table) -> DataFrame:
    """Fold rows of the table until each key has one."""
    return _group(rows, table, _FOLDS)


def _group(rows: DataFrame, table: Table, folds: Mapping[str, Callable[[Column], Column]]) -> DataFrame:
    folded = [c for c in table.columns if c.fold and c.fold.name in folds]
    values = [folds[c.fold.name](F.col(c.name)).alias(c.name) for c in folded if c.fold]
    grouped = rows.groupBy(*_grouping(table)).agg(*values)
    return grouped.select(*[_shown(c) for c in table.columns])


def _grouping(table: Table) -> list[str]:
    """The key, and in speed tables the bucket that follows from it."""
    return [column.name for column in table.columns if column.fold is None]


def _shown(column: Declared) -> Column:
    """A sketch never merged estimates by another formula than a merged one (lambda-findings A2): merge it with itself."""
    if column.fold and column.fold.name == "estimate":
        sketch = F.col(column.fold.of)
        return F.hll_sketch_estimate(F.hll_union(sketch, sketch)).alias(column.name)
    return F.col(column.name).cast(column.type.spark).alias(column.name)
