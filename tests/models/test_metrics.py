"""Spark's metrics, and those that need no Spark, against ten lines of numpy: implementations that agree are the best oracle."""

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from scipy.sparse import csr_matrix

from mart.evaluation import scores
from mart.models import metrics

K, PRODUCTS = 5, 30
PAIR = "user_id STRING, product_id STRING"


def plain(ranked: dict[str, list[str]], held_out: dict[str, set[str]]) -> dict[str, float]:
    """The formulas of microsoft/recommenders, a shopper at a time."""
    scores = []
    for user, wanted in held_out.items():
        hit = np.array([product in wanted for product in ranked.get(user, [])[:K]] + [False] * K)[:K]
        gain = 1 / np.log2(np.arange(2, K + 2))
        precision = hit.cumsum() / np.arange(1, K + 1)
        ndcg, many = hit @ gain / gain[: len(wanted)].sum(), len(wanted)
        reciprocal = 1 / (hit.argmax() + 1) if hit.any() else 0
        scores.append((ndcg, hit.sum() / many, precision @ hit / many, hit.sum() / K, reciprocal))
    shown = {product for products in ranked.values() for product in products[:K]}
    return dict(zip(metrics.NAMES, np.mean(scores, axis=0), strict=True)) | {"coverage": len(shown) / PRODUCTS}


def drawn() -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    """Lists of 8 and what is held out; two shoppers have no list."""
    rng = np.random.default_rng(3)
    draw = {f"u{user}": [f"p{p}" for p in rng.permutation(PRODUCTS)] for user in range(40)}
    ranked = {user: products[:8] for user, products in draw.items() if user not in ("u0", "u1")}
    held_out = {user: set(rng.permutation(products)[: 1 + i % 9]) for i, (user, products) in enumerate(draw.items())}
    return ranked, held_out


def listed(spark: SparkSession, ranked: dict[str, list[str]]) -> DataFrame:
    rows = [(user, place, p) for user, products in ranked.items() for place, p in enumerate(products, 1)]
    return spark.createDataFrame(rows, "user_id STRING, rank INT, product_id STRING")


def test_metrics_agree_with_numpy_on_random_lists(spark: SparkSession) -> None:
    ranked, held_out = drawn()
    lists = listed(spark, ranked)
    pairs = spark.createDataFrame([(user, str(p)) for user, products in held_out.items() for p in products], PAIR)
    assert metrics.summary(lists, pairs, K, PRODUCTS) == pytest.approx(plain(ranked, held_out), abs=1e-12)


def test_a_perfect_list_scores_one_and_nothing_held_out_scores_nothing(spark: SparkSession) -> None:
    lists = spark.createDataFrame([("u", 1, "a"), ("u", 2, "b")], "user_id STRING, rank INT, product_id STRING")
    wanted = spark.createDataFrame([("u", "b"), ("u", "a")], PAIR)
    assert metrics.summary(lists, wanted, K, 4) == dict.fromkeys(metrics.NAMES, 1.0) | {
        "precision": 0.4,
        "coverage": 0.5,
    }
    assert metrics.summary(lists, wanted.limit(0), K, 4) == {}


def test_the_same_metrics_without_spark_agree_with_numpy_too() -> None:
    ranked, held_out = drawn()
    users = sorted(held_out)
    lists = np.array([[int(p[1:]) for p in ranked[u][:K]] if u in ranked else [-1] * K for u in users])
    pairs = np.array([(row, int(p[1:])) for row, u in enumerate(users) for p in held_out[u]])
    wanted = csr_matrix((np.ones(len(pairs)), pairs.T), shape=(len(users), PRODUCTS))
    means = {name: values.mean() for name, values in scores.per_shopper(lists, wanted).items()}
    expected = plain(ranked, held_out)
    assert means == pytest.approx({name: expected[name] for name in means}, abs=1e-12)
    assert set(means) == set(metrics.NAMES)


def test_novelty_is_the_surprise_in_bits(spark: SparkSession) -> None:
    kept = spark.createDataFrame([("u", "all"), ("v", "all"), ("w", "all"), ("x", "all"), ("u", "one")], PAIR)
    assert metrics.novelty(listed(spark, {"v": ["all"]}), kept, K) == 0
    assert metrics.novelty(listed(spark, {"v": ["one"]}), kept, K) == 2
    assert metrics.novelty(listed(spark, {"v": ["one", "all"]}), kept, K) == 1


def test_holding_out_splits_every_shopper_and_keeps_at_least_one_product(spark: SparkSession) -> None:
    sizes = {"one": 1, "two": 2, "five": 5, "ten": 10}
    pairs = spark.createDataFrame([(user, f"p{i}") for user, n in sizes.items() for i in range(n)], PAIR)
    kept, out = metrics.hold_out(pairs, 0.5, seed=1)
    assert {row["user_id"]: row["count"] for row in kept.groupBy("user_id").count().collect()} == {
        "one": 1, "two": 1, "five": 2, "ten": 5,
    }  # fmt: skip
    assert sorted(kept.union(out).collect()) == sorted(pairs.collect())
    again, _ = metrics.hold_out(pairs.repartition(7), 0.5, seed=1)
    other, _ = metrics.hold_out(pairs, 0.5, seed=2)
    assert sorted(again.collect()) == sorted(kept.collect()) != sorted(other.collect())
