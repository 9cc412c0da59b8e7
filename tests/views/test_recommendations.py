"""Histories, reasons and the list for everyone, on a handful of rows."""

from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.settings import Taste
from mart.tables.recommendations import CURRENT_RECOMMENDATIONS, EVERYONE, RECOMMENDATIONS
from mart.views import recommendations as views

COUNTS = "views BIGINT, cart_adds BIGINT, purchases BIGINT"
AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def products(spark: SparkSession) -> DataFrame:
    rows = [("mug", "Blue Mug", True), ("pan", None, None), ("hat", "Hat", False)]
    return spark.createDataFrame(rows, "product_id STRING, title STRING, in_stock BOOLEAN")


def test_a_history_names_the_strongest_acts_and_hides_only_what_was_bought(
    spark: SparkSession, products: DataFrame
) -> None:
    rows = [
        ("u", "pan", 1, 0, 0, 0, AT),
        ("u", "mug", 0, 0, 1, 1, AT),
        ("u", "toy", 9, 1, 0, 0, AT),
        ("u", "hat", 0, 0, 2, 1, AT),
        ("u", "given back", 0, 0, 3, 0, AT),
    ]
    frame = spark.createDataFrame(
        rows, f"user_id STRING, product_id STRING, {COUNTS}, quantity BIGINT, last_at TIMESTAMP"
    )
    (made,) = views.histories(frame, products, Taste()).collect()
    assert sorted(made["seen"]) == ["given back", "hat", "mug"]
    assert [tuple(one) for one in made["history"]] == [
        ("hat", "because you bought Hat"),
        ("toy", "because you put toy in the cart"),
        ("mug", "because you bought Blue Mug"),
        ("pan", "because you looked at pan"),
    ]


def test_a_history_is_bounded_and_what_was_bought_is_not(spark: SparkSession, products: DataFrame) -> None:
    many = spark.range(3 * views.HISTORY).select(
        F.lit("u").alias("user_id"),
        F.concat(F.lit("p"), "id").alias("product_id"),
        *[F.lit(1).alias(name) for name in ("views", "cart_adds", "purchases", "quantity")],
        F.lit(AT).alias("last_at"),
    )
    (made,) = views.histories(many, products, Taste()).collect()
    assert (len(made["history"]), len(made["seen"])) == (views.HISTORY, 3 * views.HISTORY)


def test_everyone_sees_the_most_wanted_products_that_can_be_bought(spark: SparkSession, products: DataFrame) -> None:
    hours = [("mug", 1, 0, 1), ("pan", 5, 0, 0), ("mug", 0, 0, 1), ("hat", 0, 0, 9), ("toy", 0, 1, 2), ("tie", 0, 1, 2)]
    frame = spark.createDataFrame(hours, f"product_id STRING, {COUNTS}")
    made = [tuple(row) for row in views.everyone(frame, products, 3, Taste()).orderBy("rank").collect()]
    assert made == [
        (EVERYONE, 1, "tie", 23.0, "popular in the shop"),
        (EVERYONE, 2, "toy", 23.0, "popular in the shop"),
        (EVERYONE, 3, "mug", 21.0, "popular in the shop"),
    ]


def test_a_list_without_a_reason_of_its_own_still_has_one(spark: SparkSession) -> None:
    ranked = "user_id STRING, rank INT, product_id STRING, score DOUBLE, because STRING"
    rows = [("u", 1, "mug", 0.5, "because you bought Hat"), ("u", 2, "pan", 0.1, None)]
    made = views.personal(spark.createDataFrame(rows, ranked)).orderBy("rank").collect()
    assert [row["reason"] for row in made] == ["because you bought Hat", "popular with shoppers like you"]
    assert made[0].asDict().keys() == set(views.LIST)


def test_of_two_lists_the_newer_is_shown_whole(spark: SparkSession) -> None:
    columns = "user_id STRING, rank INT, product_id STRING, score DOUBLE, reason STRING, model_version STRING, made_from_version BIGINT, made_at TIMESTAMP"  # fmt: skip
    later = AT + timedelta(minutes=1)
    batch = [
        ("u", 1, "a", 1.0, "", "1", 10, AT),
        ("u", 2, "b", 0.5, "", "1", 10, AT),
        ("v", 1, "c", 1.0, "", "1", 10, AT),
    ]
    fresh = [
        ("u", 1, "x", 1.0, "", "1", 11, later),
        ("u", 1, "old", 1.0, "", "1", 9, AT),
        ("v", 1, "same", 1.0, "", "1", 10, later),
        ("w", 1, "only here", 1.0, "", "1", 3, AT),
    ]
    layers = {"serving": spark.createDataFrame(batch, columns), "speed": spark.createDataFrame(fresh, columns)}
    made = views.newest_lists(layers["serving"], layers["speed"])
    shown = {("u", 1, "x"), ("v", 1, "same"), ("w", 1, "only here")}
    assert {(row["user_id"], row["rank"], row["product_id"]) for row in made.collect()} == shown
    assert tuple(made.columns) == RECOMMENDATIONS.names
    with duckdb.connect() as connection:
        for layer, rows in layers.items():
            connection.register(f"_{layer}", rows.toArrow())
            connection.execute(f"CREATE SCHEMA {layer}")
            connection.execute(f"CREATE VIEW {layer}.recommendations AS SELECT * FROM _{layer}")
        asked = f"SELECT user_id, rank, product_id FROM ({CURRENT_RECOMMENDATIONS.sql})"
        assert set(connection.execute(asked).fetchall()) == shown, "DuckDB follows the same rule"


def test_factors_of_the_speed_layer_win_while_they_are_newer(spark: SparkSession) -> None:
    columns = "product_id STRING, factors ARRAY<FLOAT>, made_from_version BIGINT"
    trained = spark.createDataFrame([("a", [1.0], 5), ("b", [1.0], 5)], columns)
    fresh = spark.createDataFrame([("a", [2.0], 6), ("a", [3.0], 7), ("b", [9.0], 4), ("c", [4.0], 6)], columns)
    made = views.newest_factors(trained, fresh, "product_id")
    assert {row["product_id"]: row["factors"] for row in made.collect()} == {"a": [3.0], "b": [1.0], "c": [4.0]}


def test_candidates_are_what_the_model_or_the_catalogue_knows(spark: SparkSession) -> None:
    items = spark.createDataFrame([("mug", [1.0]), ("gone", [2.0])], "product_id STRING, factors ARRAY<FLOAT>")
    catalogue = spark.createDataFrame(
        [("mug", "B", "cups", True), ("hat", None, "hats", False), ("pan", "P", None, None)],
        "product_id STRING, brand STRING, category STRING, in_stock BOOLEAN",
    )
    assert {tuple(row) for row in views.candidates(items.withColumn("factors", F.col("factors")[0]), catalogue).collect()} == {
        ("mug", 1.0, True, "cups", "B"),
        ("gone", 2.0, True, None, None),
        ("hat", None, False, "hats", None),
        ("pan", None, True, None, "P"),
    }  # fmt: skip
