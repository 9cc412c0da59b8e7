"""Confidence is one formula: Spark and numpy agree on it, and the defaults say what they always said."""

from datetime import UTC, datetime, timedelta
from math import log1p

import numpy as np
import pytest
from pyspark.sql import SparkSession

from mart.models.confidence import ACTS, confidence_of
from mart.models.weighing import confidence
from mart.settings import Taste

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SEED = 23
COLUMNS = "user_id STRING, product_id STRING, views BIGINT, cart_adds BIGINT, purchases BIGINT, quantity BIGINT, last_at TIMESTAMP"


def rows(number: int) -> list[tuple]:
    """Draw pairs of all kinds: never bought, given back, of the future, a year old."""
    rng = np.random.default_rng(SEED)
    counts = rng.poisson((3, 0.5, 0.5, 1), (number, 4)) - np.array([0, 0, 0, 1])
    ages = rng.integers(-86_400, 365 * 86_400, number)
    return [
        (f"u{i}", "p", *map(int, count), NOW - timedelta(seconds=int(age)))
        for i, (count, age) in enumerate(zip(counts, ages, strict=True))
    ]


@pytest.mark.parametrize("taste", [Taste(), Taste(views=0.2, cart_adds=0, purchases=4.5), Taste(half_life_days=30)])
def test_spark_and_numpy_agree(spark: SparkSession, taste: Taste) -> None:
    drawn = rows(400)
    made = {row["user_id"]: row["confidence"] for row in confidence(spark.createDataFrame(drawn, COLUMNS), taste, NOW).collect()}  # fmt: skip
    views, cart_adds, purchases, quantity = np.array([row[2:6] for row in drawn]).T
    last_at = np.array([row[6].replace(tzinfo=None) for row in drawn], "datetime64[us]")
    ours = confidence_of(views, cart_adds, purchases, quantity, last_at, taste, NOW)
    assert ours.dtype == np.float32
    assert {f"u{i}" for i in np.flatnonzero(ours)} == set(made), "a pair without confidence makes no row"
    assert len(made) < len(drawn)
    theirs = np.array([made.get(row[0], 0.0) for row in drawn])
    assert theirs == pytest.approx(ours, rel=1e-6)


def test_the_defaults_are_the_logarithm_of_weighted_acts_and_forget_what_was_given_back() -> None:
    views, cart_adds, purchases = [1, 0, 0, 2, 2, 0], [0, 1, 0, 0, 0, 0], [0, 0, 2, 1, 1, 1]
    quantity = [0, 0, 3, 1, 0, -1]
    made = confidence_of(views, cart_adds, purchases, quantity, np.full(6, NOW.replace(tzinfo=None), "datetime64[us]"), Taste())  # fmt: skip
    assert made == pytest.approx([log1p(1), log1p(3), log1p(20), log1p(12), log1p(2), 0], rel=1e-6)


def test_an_act_loses_half_its_weight_in_a_half_life_and_none_before_it_happens() -> None:
    at = np.array([NOW.replace(tzinfo=None) - timedelta(days=days) for days in (0, 10, 20, -5)], "datetime64[us]")
    made = np.expm1(confidence_of([4] * 4, [0] * 4, [0] * 4, [0] * 4, at, Taste(half_life_days=10), NOW))
    assert made == pytest.approx([4, 2, 1, 4], rel=1e-5)


def test_a_half_life_without_an_instant_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="half_life_days needs the instant"):
        confidence(spark.createDataFrame(rows(1), COLUMNS), Taste(half_life_days=1))


def test_every_weight_of_a_taste_is_that_of_an_act() -> None:
    reactions = {"clicks", "ignored"}  # models/feedback
    assert set(Taste.model_fields) == {*ACTS, "half_life_days", *reactions}, "a new setting must mean something here"


def test_confidence_is_positive_and_forgets_what_was_given_back(spark: SparkSession) -> None:
    columns = "user_id STRING, product_id STRING, views BIGINT, cart_adds BIGINT, purchases BIGINT, quantity BIGINT"
    rows = [
        ("bought", "p", 0, 0, 1, 2),
        ("bought twice", "p", 0, 0, 2, 2),
        ("bought and gave some back", "p", 0, 0, 2, 1),
        ("looked", "p", 1, 0, 0, 0),
        ("looked and gave back", "p", 1, 0, 1, -3),
        ("gave back", "p", 0, 0, 1, 0),
        ("gave back what was bought elsewhere", "p", 0, 0, 0, -1),
    ]
    made = confidence(spark.createDataFrame(rows, columns), Taste()).collect()
    sure = {row["user_id"]: row["confidence"] for row in made}
    assert set(sure) == {"bought", "bought twice", "bought and gave some back", "looked", "looked and gave back"}
    assert 0 < sure["looked"] == sure["looked and gave back"] < sure["bought"] < sure["bought twice"]
