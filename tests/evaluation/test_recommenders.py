"""Every recommender that can tell shoppers apart finds the withheld part of a checkerboard, first and nothing else."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from pyspark.sql import SparkSession
from scipy.sparse import csr_matrix, random

from mart.evaluation import recommenders
from mart.evaluation.lists import Score, rank
from mart.evaluation.protocols import Split
from mart.evaluation.scores import Scored
from mart.models import baselines, factorise, foldin, solver
from mart.settings import Als
from tests.evaluation.boards import SIZE, board

SMALL = Als(rank=2, iterations=8, regularisation=0.1, alpha=10.0, blocks=1, seed=5)

PERSONAL: dict[str, Callable[[Split], Score]] = {
    "cosine": recommenders.cosine,
    "ease": lambda split: recommenders.ease(split, 1.0),
    "als in numpy": lambda split: recommenders.als(split, SMALL, solver.fit),
}


@pytest.mark.parametrize("name", PERSONAL)
def test_the_withheld_half_of_a_checkerboard_is_recommended_first(name: str) -> None:
    split = board()
    lists = rank(split, PERSONAL[name](split), 1)
    assert lists.tolist() == [[i] for i in range(SIZE)]
    assert Scored(split, lists).row()["ndcg@1"] == 1


def test_mllib_finds_the_withheld_half_too(spark: SparkSession) -> None:
    split = board()
    score = recommenders.als(split, SMALL, partial(factorise.implicit, spark))
    assert rank(split, score, 1).tolist() == [[i] for i in range(SIZE)]


def test_explicit_als_guesses_the_stars_that_were_withheld(spark: SparkSession) -> None:
    cells = np.array([(i, j) for i in range(SIZE) for j in range(SIZE) if j not in (i, (i + 1) % SIZE)])
    stars = np.where(cells.sum(axis=1) % 2, 1, 5).astype(np.float32)
    users, items = factorise.explicit(spark, cells[:, 0], cells[:, 1], stars, (SIZE, SIZE))
    guessed = users @ items.T
    assert all(guessed[i, i] > guessed[i, (i + 1) % SIZE] + 2 for i in range(SIZE))


def test_popularity_knows_no_tastes_and_shows_everyone_the_same_that_they_lack() -> None:
    split = board()
    lists = rank(split, recommenders.popularity(split), SIZE)
    for user, row in enumerate(lists):
        assert set(row[row >= 0]) == {j for j in range(SIZE) if (user + j) % 2 or user == j}


def test_what_a_shopper_has_is_never_listed_and_short_lists_end_in_nothing() -> None:
    split = board()
    for make in PERSONAL.values():
        lists = rank(split, make(split), SIZE)
        have = split.left_out.toarray() > 0
        assert all(not have[user, row[row >= 0]].any() for user, row in enumerate(lists))
        assert (lists == -1).sum(axis=1).tolist() == [SIZE // 2 - 1] * SIZE


def test_the_solver_solves_what_fold_in_solves() -> None:
    als = Als(rank=8, regularisation=0.2, alpha=3.0)
    sure = csr_matrix(random(60, 40, 0.15, random_state=3, dtype=np.float32))
    factors = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    there = foldin.fold_in_many(foldin.gram(factors), factors, sure.indptr, sure.indices, sure.data, als)
    np.testing.assert_allclose(solver.half_step(sure, factors, als), there, rtol=1e-3, atol=1e-4)


def test_a_shopper_without_factors_is_shown_what_is_popular() -> None:
    split = board()

    def nothing(users, products, confidences, shape, als):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return np.zeros((shape[0], 1), np.float32), np.ones((shape[1], 1), np.float32)

    lists = rank(split, recommenders.als(split, SMALL, nothing), 3)
    assert lists.tolist() == rank(split, recommenders.popularity(split), 3).tolist()


def test_too_many_products_for_a_square_in_memory_are_refused_with_what_to_do() -> None:
    wide = csr_matrix((2, baselines.PRODUCTS + 1), dtype=np.float32)
    for make in (baselines.cosine, lambda known: baselines.ease(known, 1.0)):
        with pytest.raises(baselines.TooLarge, match="leave them out with --models"):
            make(wide)
