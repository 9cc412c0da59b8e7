"""Folding in solves MLlib's own equations: the history a model was trained on gives back its factors."""

from collections import defaultdict

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart.models import als, foldin
from mart.settings import Als

SEED, USERS, ITEMS = 31, 60, 40
SMALL = Als(rank=8, iterations=6, regularisation=0.05, alpha=2.0, blocks=2, seed=3)


def pairs() -> list[tuple[str, str, float]]:
    """Draw histories of one to thirty products each."""
    rng = np.random.default_rng(SEED)
    chosen = [(u, i) for u in range(USERS) for i in rng.permutation(ITEMS)[: rng.integers(1, 31)]]
    return [(f"u{u}", f"p{i}", float(np.float32(rng.gamma(2.0)))) for u, i in chosen]


@pytest.fixture(scope="module")
def trained(spark: SparkSession) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The factors of shoppers and of products by id."""
    fitted = als.fit(spark.createDataFrame(pairs(), "user_id STRING, product_id STRING, confidence FLOAT"), SMALL)
    users, items = (
        {row[0]: np.array(row[1], "f4") for row in factors.orderBy(F.col(name)).collect()}
        for factors, name in ((fitted.user_factors, "user_id"), (fitted.item_factors, "product_id"))
    )
    return users, items


def test_folding_in_the_whole_history_gives_back_the_trained_factors(
    trained: tuple[dict[str, np.ndarray], dict[str, np.ndarray]],
) -> None:
    users, items = trained
    place, y = {name: at for at, name in enumerate(items)}, np.array(list(items.values()))
    history = defaultdict(list)
    for user, product, sure in pairs():
        history[user].append((place[product], sure))
    indptr = np.cumsum([0, *(len(history[user]) for user in users)])
    flat = [pair for user in users for pair in history[user]]
    products, sure = np.array([p for p, _ in flat], np.int32), np.array([c for _, c in flat], np.float32)
    placed = foldin.fold_in_many(foldin.gram(y), y, indptr, products, sure, SMALL)
    assert placed.dtype == np.float32
    assert np.abs(placed - np.array(list(users.values()))).max() < 1e-4
    assert np.abs(placed).max() > 0.1


def drawn(seed: int = SEED) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give factors of products, a history's positions and its confidences."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(ITEMS, 8)).astype("f4"), rng.permutation(ITEMS)[:12].astype("i4"), rng.gamma(2.0, size=12).astype("f4")  # fmt: skip


def test_one_shopper_is_solved_as_the_paper_writes_it() -> None:
    y, products, sure = drawn()
    preferred, c = np.zeros(ITEMS), np.ones(ITEMS)
    preferred[products], c[products] = 1, 1 + SMALL.alpha * sure
    a = y.T @ np.diag(c) @ y + SMALL.regularisation * len(products) * np.eye(8)
    assert foldin.fold_in(foldin.gram(y), y, products, sure, SMALL) == pytest.approx(
        np.linalg.solve(a, y.T @ (c * preferred)), abs=1e-5
    )


def test_many_are_solved_as_one_and_the_order_of_a_history_does_not_matter() -> None:
    y, products, sure = drawn()
    g, cuts = foldin.gram(y), np.array([0, 5, 5, 12])
    many = foldin.fold_in_many(g, y, cuts, products, sure, SMALL)
    assert not many[1].any(), "who has done nothing prefers nothing"
    for user, (start, end) in ((0, (0, 5)), (2, (5, 12))):
        back = slice(None, None, -1)
        one = foldin.fold_in(g, y, products[start:end][back], sure[start:end][back], SMALL)
        assert many[user] == pytest.approx(one, abs=1e-6)


def test_more_shoppers_than_one_block_are_all_solved() -> None:
    y, products, sure = drawn()
    times = foldin.ROWS + 3
    many = foldin.fold_in_many(foldin.gram(y), y, np.arange(times + 1) * 12, np.tile(products, times), np.tile(sure, times), SMALL)  # fmt: skip
    assert np.abs(many - many[0]).max() < 1e-6
    assert many[0].any()


def test_contributions_sum_to_the_score() -> None:
    y, products, sure = drawn()
    g = foldin.gram(y)
    parts = foldin.contributions(g, y, products, sure, 7, SMALL)
    assert len(parts) == len(products)
    assert parts.sum() == pytest.approx(foldin.fold_in(g, y, products, sure, SMALL) @ y[7], abs=1e-5)


def test_a_confidence_below_0_is_a_sure_no_and_no_rating() -> None:
    y, products, sure = drawn()
    sure[3] = -2
    g = foldin.gram(y)
    a, parts = foldin.equations(g, y, products, sure, SMALL)
    wide = y[products].astype(np.float64)
    expected = g + (wide.T * (SMALL.alpha * abs(sure))) @ wide + SMALL.regularisation * 11 * np.eye(8)
    assert a == pytest.approx(expected, rel=1e-5)
    assert not parts[3].any()
