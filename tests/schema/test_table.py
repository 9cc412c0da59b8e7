"""A declaration refuses what it can't mean, and says the same in every language."""

import pytest
from pyspark.sql import SparkSession

from mart.schema import DATE, LONG, STRING, SUM, Column, Fold, Table, delta, estimate
from mart.schema import spark as types
from mart.tables import CATALOGUE, EVENTS, FOLDABLE, POPULARITY

KEY = Column("thing", STRING, "Its name.")
DAY = Column("day", DATE, "Its day.")
COUNT = Column("times", LONG, "How often [events].", fold=SUM)


def _table(*columns: Column, key: tuple[str, ...] = ("thing",), partition: tuple[str, ...] = ()) -> Table:
    return Table(name="things", doc="Things, it's said.", columns=(KEY, *columns), key=key, partition=partition)


@pytest.mark.parametrize(
    ("key", "partition", "column"),
    [
        (("thing", "nowhere"), (), COUNT),
        (("thing",), ("nowhere",), COUNT),
        (("thing",), (), Column("guess", LONG, "A guess.", fold=estimate("nowhere"))),
    ],
)
def test_a_key_a_partition_or_a_fold_that_names_no_column_is_refused(
    key: tuple[str, ...], partition: tuple[str, ...], column: Column
) -> None:
    with pytest.raises(ValueError, match="things: no such column: nowhere"):
        _table(column, key=key, partition=partition)


def test_a_table_names_itself_and_its_place_by_its_layer() -> None:
    assert _table().full_name == "things"
    served = _table().at("serving")
    assert (served.full_name, served.path) == ("serving.things", "serving/things")
    assert served.columns == _table().columns


def test_in_speed_the_version_joins_the_key_and_buckets_are_the_partitions() -> None:
    speed = _table(COUNT).at("speed")
    assert speed.names == ("thing", "times", "version", "bucket")
    assert (speed.key, speed.partition) == (("thing", "version"), ("bucket",))
    assert POPULARITY.at("speed").partition == ("bucket",)


def test_only_a_table_with_folds_is_foldable_and_a_sketch_is_not_compared() -> None:
    assert not _table().foldable
    assert _table(COUNT).foldable
    assert not EVENTS.foldable
    assert all(table.foldable for table in FOLDABLE)
    assert set(POPULARITY.names) - set(POPULARITY.comparable) == {"shoppers_sketch"}


def test_two_folds_of_one_name_over_other_columns_differ() -> None:
    assert estimate("a") == Fold("estimate", of="a") != estimate("b")


def test_spark_types_require_the_key_and_nothing_else(spark: SparkSession) -> None:
    struct = types.struct(_table(COUNT, Column("day", DATE, "A day."), key=("thing", "day")))
    assert [(field.name, field.dataType.simpleString(), field.nullable) for field in struct] == [
        ("thing", "string", False),
        ("times", "bigint", True),
        ("day", "date", False),
    ]


def test_delta_is_told_everything_that_was_declared() -> None:
    table = Table(
        name="things",
        doc="Things, it's said.",
        columns=(KEY, DAY, COUNT),
        key=("thing", "day"),
        partition=("day",),
        checks={"not_negative": "times >= 0"},
        properties={"delta.appendOnly": "true"},
    )
    assert delta.properties(table) == {
        "delta.enableDeletionVectors": "false",
        "delta.checkpointInterval": "100",
        "delta.dataSkippingStatsColumns": "`thing`",
        "delta.appendOnly": "true",
        "delta.constraints.not_negative": "coalesce(times >= 0, true)",
    }
    assert delta.add("/lake/things", (COUNT,)) == (
        "ALTER TABLE delta.`/lake/things` ADD COLUMNS (`times` BIGINT COMMENT 'How often [events].')"
    )


@pytest.mark.parametrize("table", CATALOGUE, ids=lambda table: table.full_name)
def test_no_table_asks_for_a_reader_feature(table: Table) -> None:
    """Deletion vectors, column mapping and the like would shut out Athena, Redshift Spectrum, DuckDB and Snowflake."""
    asked = delta.DEFAULTS | dict(table.properties)
    assert asked["delta.enableDeletionVectors"] == "false"
    assert not [name for name in asked if "columnMapping" in name or "feature" in name or "minReader" in name]
