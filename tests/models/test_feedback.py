"""Clicks and ignored impressions as weights: known answers, and what MLlib makes of them."""

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from mart.models import als
from mart.models.feedback import fit, heed
from mart.models.foldin import fold_in, gram
from mart.settings import Als, Taste

SURE, REACTED = (
    "user_id string, product_id string, confidence float",
    "user_id string, product_id string, impressions long, clicks long",
)


def weights(frame: DataFrame) -> dict[tuple[str, str], float]:
    return {(row[0], row[1]): row[2] for row in frame.collect()}


def test_clicks_add_to_what_was_done_and_ignored_impressions_are_surer_zeros(spark: SparkSession) -> None:
    sure = spark.createDataFrame([("u", "p", float(np.log1p(3))), ("v", "q", 1.0), ("v", "r", 1.0)], SURE)
    reacted = spark.createDataFrame(
        [
            ("u", "p", 9, 2),  # clicked and seen
            ("u", "q", 20, 0),  # passed over twenty times
            ("u", "r", 3, 1),  # clicked, and never arrived
            ("v", "q", 50, 0),  # shown as often, but looked at of his own accord
            ("nobody", "p", 5, 0),
            ("u", "unknown", 5, 0),
        ],
        REACTED,
    )
    found = weights(heed(sure, reacted, clicks=1, ignored=0.05))
    wanted = {("u", "p"): np.log1p(5), ("u", "q"): -np.log1p(1), ("u", "r"): np.log1p(1), ("v", "q"): 1, ("v", "r"): 1}
    assert found == pytest.approx(wanted, rel=1e-6)
    assert weights(heed(sure, reacted, clicks=0, ignored=0)) == pytest.approx(weights(sure), rel=1e-6)


def test_the_solver_takes_an_ignored_product_as_a_surer_zero(spark: SparkSession) -> None:
    """A trained shopper solves the normal equations with |c| on the left, and nothing of it on the right."""
    random = np.random.default_rng(3)
    rows = [(f"u{u}", f"p{p}", float(random.uniform(0.5, 3))) for u in range(30) for p in range(12) if (u + p) % 3 == 0]
    shown = [(f"u{u}", f"p{p}", 40, 0) for u in range(30) for p in range(12) if (u + p) % 3 == 1]
    size = Als(rank=4, iterations=3, regularisation=0.1, alpha=2, seed=1)
    pairs = heed(spark.createDataFrame(rows, SURE), spark.createDataFrame(shown, REACTED), clicks=1, ignored=0.05)
    fitted = als.fit(pairs, size)
    users = {row[0]: np.array(row[1]) for row in fitted.user_factors.collect()}
    items = {row[0]: np.array(row[1]) for row in fitted.item_factors.collect()}
    y = np.array([items[f"p{p}"] for p in range(12)])
    sure = weights(pairs)
    for user in ("u0", "u7", "u19"):
        c = np.array([sure.get((user, f"p{p}"), 0.0) for p in range(12)])
        a = y.T @ y + size.alpha * (y.T * abs(c)) @ y + size.regularisation * (c > 0).sum() * np.eye(4)
        assert users[user] == pytest.approx(np.linalg.solve(a, ((1 + size.alpha * c) * (c > 0)) @ y), abs=1e-4)
    plain = als.fit(spark.createDataFrame(rows, SURE), size)
    assert _score(fitted, shown) < _score(plain, shown)


def _score(fitted: als.Fitted, pairs: list[tuple[str, str, int, int]]) -> float:
    users, items = (
        {row[0]: np.array(row[1]) for row in side.collect()} for side in (fitted.user_factors, fitted.item_factors)
    )
    return float(np.mean([users[user] @ items[product] for user, product, *_ in pairs]))


def test_shoppers_are_placed_by_their_acts_alone_whatever_shapes_the_products(spark: SparkSession) -> None:
    random = np.random.default_rng(4)
    rows = [(f"u{u}", f"p{p}", float(random.uniform(0.5, 3))) for u in range(20) for p in range(8) if (u + p) % 2 == 0]
    sure = spark.createDataFrame(rows, SURE)
    shown = spark.createDataFrame([(f"u{u}", f"p{(u + 1) % 8}", 40, 0) for u in range(20)], REACTED)
    size = Als(rank=3, iterations=2, alpha=2, blocks=1, taste=Taste(ignored=1))
    plain, heeding = (fit(sure, reactions, size) for reactions in (None, shown))
    before, after = (
        {row[0]: np.array(row[1], np.float32) for row in trained.item_factors.collect()} for trained in (plain, heeding)
    )
    assert max(np.abs(before[name] - after[name]).max() for name in before) > 0.01, "what was ignored says something"
    y = np.array([after[f"p{p}"] for p in range(8)])
    theirs = [(int(product[1:]), confidence) for user, product, confidence in rows if user == "u3"]
    places, sureness = np.array([p for p, _ in theirs]), np.array([c for _, c in theirs], np.float32)
    (found,) = heeding.user_factors.where("user_id = 'u3'").collect()
    assert found["factors"] == pytest.approx(fold_in(gram(y), y, places, sureness, size), abs=1e-5)
