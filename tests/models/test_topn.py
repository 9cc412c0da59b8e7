"""The scan against plain numpy: never a filtered product, still N where N are left."""

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart.models import topn

RANK, N, SEED = 6, 5, 11
SHOPPER = "user_id STRING, factors ARRAY<FLOAT>, seen ARRAY<STRING>, history ARRAY<STRUCT<product_id: STRING, reason: STRING>>"


def test_lists_are_the_best_that_is_left_for_light_and_heavy_shoppers(spark: SparkSession) -> None:
    rng = np.random.default_rng(SEED)
    users, items = rng.normal(size=(60, RANK)).astype("f4"), rng.normal(size=(40, RANK)).astype("f4")
    eligible = rng.random(40) < 0.7
    seen = [set(rng.permutation(40)[: rng.integers(0, 41)]) for _ in users]  # from nothing seen to everything
    rows = [(f"u{u}", users[u].tolist(), [f"p{p:02}" for p in seen[u]] + ["unknown"], []) for u in range(60)]
    frame = spark.createDataFrame([(f"p{p:02}", items[p].tolist(), bool(eligible[p])) for p in range(40)],
                                  "product_id STRING, factors ARRAY<FLOAT>, eligible BOOLEAN")  # fmt: skip
    made = topn.recommend(spark.createDataFrame(rows, SHOPPER), topn.products(frame), N).collect()
    lists: dict[str, list[str]] = {f"u{u}": [] for u in range(60)}
    for row in sorted(made, key=lambda row: (row["user_id"], row["rank"])):
        lists[row["user_id"]].append(row["product_id"])
        assert row["rank"] == len(lists[row["user_id"]])
    for u in range(60):
        left = [p for p in range(40) if eligible[p] and p not in seen[u]]
        assert lists[f"u{u}"] == [f"p{p:02}" for p in sorted(left, key=lambda p: -(users[u] @ items[p]))[:N]]


@pytest.fixture(scope="module")
def shelf(spark: SparkSession) -> topn.Products:
    """Two tastes, two products each; red2 is out of stock."""
    rows = [
        ("red1", [1.0, 0.0], True),
        ("red2", [0.9, 0.1], False),
        ("blue1", [0.0, 1.0], True),
        ("blue2", [0.1, 0.9], True),
    ]
    return topn.products(spark.createDataFrame(rows, "product_id STRING, factors ARRAY<FLOAT>, eligible BOOLEAN"))


def test_the_reason_is_the_nearest_product_of_the_history(spark: SparkSession, shelf: topn.Products) -> None:
    past = [("red2", "had red2"), ("gone", "had gone"), ("blue1", "had blue1")]
    rows = [("both", [1.0, 1.0], ["blue1"], past), ("one", [1.0, 0.2], [], past[:1]), ("new", [1.0, 0.0], None, None)]
    made = topn.recommend(spark.createDataFrame(rows, SHOPPER), shelf, 2).collect()
    assert {(row["user_id"], row["product_id"]): row["because"] for row in made} == {
        ("both", "red1"): "had red2",
        ("both", "blue2"): "had blue1",
        ("one", "red1"): "had red2",
        ("one", "blue2"): "had red2",
        ("new", "red1"): None,
        ("new", "blue2"): None,
    }


def test_a_product_is_no_reason_for_itself(spark: SparkSession, shelf: topn.Products) -> None:
    past = [("red1", "had red1"), ("red2", "had red2")]
    rows = [("some", [1.0, 0.0], [], past), ("only", [1.0, 0.0], [], past[:1])]
    made = topn.recommend(spark.createDataFrame(rows, SHOPPER), shelf, 1).collect()
    assert {(row["user_id"], row["product_id"]): row["because"] for row in made} == {
        ("some", "red1"): "had red2",
        ("only", "red1"): None,
    }


def test_no_products_make_no_lists(spark: SparkSession, shelf: topn.Products) -> None:
    shoppers = spark.createDataFrame([("u", [1.0, 0.0], [], [])], SHOPPER)
    none = topn.Products(shelf.ids[:0], shelf.factors[:0], shelf.eligible[:0])
    assert topn.recommend(shoppers, none, 3).count() == 0
    assert topn.recommend(shoppers.where(F.lit(False)), shelf, 3).count() == 0
