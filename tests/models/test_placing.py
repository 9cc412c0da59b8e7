"""Spark's fold-in and numpy's give the same places, for shoppers and for products."""

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.models import foldin, placing
from mart.settings import Als

SEED, USERS, ITEMS, RANK = 41, 30, 20, 4
ALS = Als(rank=RANK, regularisation=0.2, alpha=1.5)
PAIR = "user_id STRING, product_id STRING, confidence FLOAT"


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Give confidences (users, items), 0 where there is none, and factors of items."""
    rng = np.random.default_rng(SEED)
    sure = rng.gamma(2.0, size=(USERS, ITEMS)) * (rng.random((USERS, ITEMS)) < 0.3)
    return sure.astype("f4"), rng.normal(size=(ITEMS, RANK)).astype("f4")


def frame(spark: SparkSession, factors: np.ndarray, prefix: str, key: str) -> DataFrame:
    rows = [(f"{prefix}{n}", row) for n, row in enumerate(factors.tolist())]
    return spark.createDataFrame(rows, f"{key} STRING, factors ARRAY<FLOAT>")


def test_many_shoppers_and_many_products_are_placed_as_numpy_does(spark: SparkSession) -> None:
    sure, y = drawn()
    pairs = [(f"u{u}", f"p{i}", float(sure[u, i])) for u, i in zip(*np.nonzero(sure), strict=True)]
    confidence = spark.createDataFrame([*pairs, ("u0", "unknown", 1.0), ("alone", "unknown", 1.0)], PAIR)
    items = frame(spark, y, "p", "product_id")
    gram = placing.gram(items.repartition(3), RANK)
    assert gram == pytest.approx(foldin.gram(y))
    made = {row["user_id"]: row["factors"] for row in placing.place(confidence, items, gram, "user_id", ALS).collect()}
    assert set(made) == {user for user, _, _ in pairs}, "who touched nothing that the model knows has no place"
    x = np.zeros((USERS, RANK), "f4")
    for u in range(USERS):
        mine = np.flatnonzero(sure[u])
        x[u] = foldin.fold_in(gram, y, mine, sure[u, mine], ALS)
        assert made.get(f"u{u}", np.zeros(RANK)) == pytest.approx(x[u], abs=1e-5)

    users = frame(spark, x, "u", "user_id")
    back = placing.place(confidence, users, foldin.gram(x), "product_id", ALS)
    (row,) = back.where(F.col("product_id") == "p7").collect()
    theirs = np.flatnonzero(sure[:, 7])
    assert row["factors"] == pytest.approx(foldin.fold_in(foldin.gram(x), x, theirs, sure[theirs, 7], ALS), abs=1e-5)


def test_no_rows_multiply_to_nothing(spark: SparkSession) -> None:
    none = frame(spark, np.ones((1, RANK)), "p", "product_id").where(F.lit(False))
    assert placing.gram(none, RANK).tolist() == [[0.0] * RANK] * RANK
