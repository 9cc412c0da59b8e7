"""Histories, reasons and the list for everyone, on a handful of rows."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.tables.recommendations import EVERYONE
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
    (made,) = views.histories(frame, products).collect()
    assert sorted(made["seen"]) == ["given back", "hat", "mug"]
    assert [tuple(one) for one in made["history"]] == [
        ("hat", "because you bought Hat"),
        ("toy", "because you put in the cart: toy"),
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
    (made,) = views.histories(many, products).collect()
    assert (len(made["history"]), len(made["seen"])) == (views.HISTORY, 3 * views.HISTORY)


def test_everyone_sees_the_most_wanted_products_that_can_be_bought(spark: SparkSession, products: DataFrame) -> None:
    hours = [("mug", 1, 0, 1), ("pan", 5, 0, 0), ("mug", 0, 0, 1), ("hat", 0, 0, 9), ("toy", 0, 1, 2), ("tie", 0, 1, 2)]
    frame = spark.createDataFrame(hours, f"product_id STRING, {COUNTS}")
    made = [tuple(row) for row in views.everyone(frame, products, 3).orderBy("rank").collect()]
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
