"""ALS has a known answer on a checkerboard, and its numbering of ids is the same in every run."""

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.models import als, evaluate, topn
from mart.settings import Als

SIZE = 12
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


def test_als_beats_popularity_where_tastes_differ(board: DataFrame) -> None:
    scores = evaluate.compare(board, SMALL)
    assert scores["ndcg_at_10"] > scores["popularity_ndcg_at_10"] > 0
    assert evaluate.beats_popularity(scores)
    assert not evaluate.beats_popularity(scores | {"ndcg_at_10": 0.0})
    assert not evaluate.beats_popularity({})


def test_nothing_can_be_compared_where_nobody_has_two_products(spark: SparkSession) -> None:
    pairs = spark.createDataFrame(
        [("u", "p", 1.0), ("v", "q", 1.0)], "user_id STRING, product_id STRING, confidence FLOAT"
    )
    assert evaluate.compare(pairs, SMALL) == {}


def test_numbers_are_unique_and_the_same_however_the_rows_lie(spark: SparkSession) -> None:
    ids = spark.range(5000).select(F.concat(F.lit("id-"), "id").alias("user_id"))
    numbers = als.number(ids.union(ids), "user_id").persist()
    assert numbers.select("number").distinct().count() == numbers.count() == 5000
    assert_df_equality(numbers, als.number(ids.repartition(9), "user_id"), ignore_row_order=True)
