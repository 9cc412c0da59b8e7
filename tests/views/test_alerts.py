"""Which changes are told, where they are as large as the threshold to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from mart.schema import spark as types
from mart.settings import Offers
from mart.tables.market import OFFER_STATES
from mart.views import alerts

SIGHTINGS = (
    "shop STRING, offer_id STRING, crawl_id STRING, seen_at TIMESTAMP, price DECIMAL(18,4), currency STRING,"
    " in_stock BOOLEAN, title STRING, _commit_version LONG"
)
PRODUCTS = "shop STRING, offer_id STRING, product_key STRING, category STRING, ours DECIMAL(18,4)"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("14.00", "13.30", [("price_drop", -0.05)]),  # -0.04999999999999998 in doubles
        ("14.00", "13.31", []),
        ("64.22", "67.431", [("price_rise", 0.05)]),
        ("64.22", "67.43", []),
        ("0.0001", "0.0002", [("price_rise", 1.0)]),
    ],
)
def test_a_change_of_the_threshold_is_told_and_one_below_it_is_not(
    spark: SparkSession, before: str, after: str, told: list[tuple[str, float]]
) -> None:
    rows = [
        ("a", "1", f"c{day}", datetime(2026, 11, day, tzinfo=UTC), Decimal(price), "EUR", True, "t", day)
        for day, price in ((1, before), (2, after))
    ]
    nothing_known = spark.createDataFrame([], types.struct(OFFER_STATES))
    followed = alerts.followed(spark.createDataFrame(rows, SIGHTINGS), nothing_known)
    first = spark.createDataFrame([("a", "c1")], "shop STRING, first_crawl STRING")
    products = spark.createDataFrame([("a", "1", None, None, None)], PRODUCTS)
    found = alerts.raised(followed, first, products, Offers())
    assert [(row["kind"], row["change"]) for row in found.collect()] == told
