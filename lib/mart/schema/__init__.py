"""What a table is: types, columns, folds and the declaration from which everything else is derived.

Standard library only, so that a Lambda, a spider or a test can read a declaration without Spark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = [
    "BINARY",
    "BOOLEAN",
    "DATE",
    "DOUBLE",
    "FLOATS",
    "HLL",
    "INT",
    "LONG",
    "MAX",
    "MIN",
    "MONEY",
    "PROPERTIES",
    "REVENUE",
    "STRING",
    "SUM",
    "TIMESTAMP",
    "Column",
    "Fold",
    "Table",
    "Type",
    "View",
    "estimate",
]


@dataclass(frozen=True)
class Type:
    """One type in the three languages we speak."""

    spark: str
    snowflake: str
    python: str


STRING = Type("STRING", "VARCHAR", "str")
LONG = Type("BIGINT", "NUMBER(19,0)", "int")
INT = Type("INT", "NUMBER(10,0)", "int")
DOUBLE = Type("DOUBLE", "FLOAT", "float")
BOOLEAN = Type("BOOLEAN", "BOOLEAN", "bool")
TIMESTAMP = Type("TIMESTAMP", "TIMESTAMP_NTZ", "datetime")
DATE = Type("DATE", "DATE", "date")
MONEY = Type("DECIMAL(18,4)", "NUMBER(18,4)", "Decimal")
REVENUE = Type("DECIMAL(38,4)", "NUMBER(38,4)", "Decimal")
BINARY = Type("BINARY", "BINARY", "bytes")
FLOATS = Type("ARRAY<FLOAT>", "ARRAY", "list")
PROPERTIES = Type("MAP<STRING,STRING>", "OBJECT", "dict")


@dataclass(frozen=True)
class Fold:
    """How the values of one column become one when rows of a key meet; associative and commutative."""

    name: str
    of: str = ""


SUM, MIN, MAX, HLL = Fold("sum"), Fold("min"), Fold("max"), Fold("hll")


def estimate(sketch: str) -> Fold:
    """Show the distinct count that the column `sketch` holds: computed from it, never folded itself."""
    return Fold("estimate", of=sketch)


@dataclass(frozen=True)
class Column:
    """A column with its sentence; `fold` makes it part of a foldable table."""

    name: str
    type: Type
    doc: str
    fold: Fold | None = None


@dataclass(frozen=True)
class Table:
    """The single source of truth about a table; a layer is a namespace of the same declaration.

    `checks` are SQL conditions by name; `properties` are Delta table properties.
    Raises ValueError where a key, partition or fold names a column that does not exist.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""

    def __post_init__(self) -> None:
        named = set(self.key) | set(self.partition) | {c.fold.of for c in self.columns if c.fold and c.fold.of}
        if unknown := named - set(self.names):
            raise ValueError(f"{self.full_name}: no such column: {', '.join(sorted(unknown))}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def full_name(self) -> str:
        return f"{self.layer}.{self.name}" if self.layer else self.name

    @property
    def path(self) -> str:
        """Where it lies below the lake."""
        return f"{self.layer}/{self.name}"

    @property
    def foldable(self) -> bool:
        return any(column.fold for column in self.columns)

    @property
    def comparable(self) -> tuple[str, ...]:
        """Columns that two computations of one table must agree on; a sketch's bytes are not unique, its estimate is."""
        return tuple(column.name for column in self.columns if column.fold != HLL)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def at(self, layer: str) -> "Table":
        """Give the physical table of a layer.

        In `speed` the version of events joins the key, and whole buckets of versions are the partitions, so that they
        can be dropped beside a running append.
        """
        if layer == "serving":  # what changes there is published
            return replace(self, layer=layer, properties={**self.properties, "delta.enableChangeDataFeed": "true"})
        if layer != "speed":
            return replace(self, layer=layer)
        return replace(
            self, layer=layer, columns=self.columns + _VERSIONED, key=(*self.key, "version"), partition=("bucket",)
        )


_VERSIONED = (
    Column("version", LONG, "Version of processed.events that added this row."),
    Column("bucket", LONG, "Versions of events by the hundred [floor(version / 100)]; the partition."),
)


@dataclass(frozen=True)
class View:
    """A named question over tables, in SQL as DuckDB speaks it; tables stand as `layer.name`."""

    layer: str
    name: str
    doc: str
    sql: str

    @property
    def full_name(self) -> str:
        return f"{self.layer}.{self.name}"
