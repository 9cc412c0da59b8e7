"""ALS has a known answer on a checkerboard, and its numbering of ids is the same in every run."""

from datetime import UTC, datetime

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.models import als, metrics, rivals, topn
from mart.settings import Als

SIZE = 12
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = Als(rank=2, iterations=6, regularisation=0.1, alpha=10.0, blocks=1, seed=5)
HISTORY = "array<struct<product_id: string, reason: string>>"


@pytest.fixture(scope="module")
def board(spark: SparkSession) -> DataFrame:
    """Shopper i wants product j where i + j is even; the diagonal is withheld."""
    pairs = [(f"u{i}", f"p{j}", 1.0) for i in range(SIZE) for j in range(SIZE) if (i + j) % 2 == 0 and i != j]
    return spark.createDataFrame(pairs, "user_id STRING, product_id STRING, confidence FLOAT").persist()


def test_the_withheld_half_of_a_checkerboard_is_recommended_first(board: DataFrame) -> None:
    fitted = als.fit(board, SMALL)
    seen = board.groupBy("user_id").agg(F.collect_list("product_id").alias("seen"))
    shoppers = fitted.user_factors.join(seen, "user_id").withColumn("history", F.array().cast(HISTORY))
    items = topn.products(fitted.item_factors.withColumn("eligible", F.lit(True)))
    first = topn.recommend(shoppers, items, 1).collect()
    assert {row["user_id"]: row["product_id"] for row in first} == {f"u{i}": f"p{i}" for i in range(SIZE)}


def test_als_beats_popularity_where_tastes_differ(spark: SparkSession, board: DataFrame) -> None:
    acts = {"views": 1, "cart_adds": 0, "purchases": 0, "quantity": 0, "last_at": NOW}
    withheld = spark.createDataFrame([(f"u{i}", f"p{i}") for i in range(SIZE)], "user_id STRING, product_id STRING")
    known = board.withColumns({name: F.lit(value) for name, value in acts.items()})
    split = rivals.split(known, withheld, NOW, "the diagonal", SIZE)
    ours, theirs = rivals.by_als(split, SMALL), rivals.by_popularity(split)
    rivals.close(split)
    assert ours.ndcg.mean() > theirs.ndcg.mean() > 0


def test_nothing_can_be_compared_where_nobody_has_two_products(spark: SparkSession) -> None:
    pairs = spark.createDataFrame(
        [("u", "p", 1.0), ("v", "q", 1.0)], "user_id STRING, product_id STRING, confidence FLOAT"
    )
    _, held_out = metrics.hold_out(pairs, 0.2, SMALL.seed)
    assert held_out.isEmpty()


def test_numbers_are_unique_and_the_same_however_the_rows_lie(spark: SparkSession) -> None:
    ids = spark.range(5000).select(F.concat(F.lit("id-"), "id").alias("user_id"))
    numbers = als.number(ids.union(ids), "user_id").persist()
    assert numbers.select("number").distinct().count() == numbers.count() == 5000
    assert_df_equality(numbers, als.number(ids.repartition(9), "user_id"), ignore_row_order=True)
