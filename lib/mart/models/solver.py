"""Implicit ALS without Spark: MLlib's equations (models/foldin) on arrays, for trials of a search on what fits into one process.

In: pairs with confidence. Out: factors of users and products. Where MLlib spends most of its time on moving blocks between
tasks, here a half-step is one sparse product and one batch of small systems.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from mart.models.foldin import gram
from mart.settings import Als

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

CELLS = 8_000_000  # of the systems that are solved at once [64 MB]


def fit(users: Ints, products: Ints, confidences: Floats, shape: tuple[int, int], als: Als) -> tuple[Floats, Floats]:
    """Factorise pairs (pairs) of numbers below `shape`: (users, rank) and (products, rank), zeros for who has no pair.

    As in MLlib the start is drawn on the unit sphere, products are solved first in each iteration and users last.
    """
    wanted = csr_matrix((confidences, (users, products)), shape=shape)
    turned = csr_matrix(wanted.T)
    placed = _sphere(shape[0], als)
    for _ in range(als.iterations):
        items = half_step(turned, placed, als)
        placed = half_step(wanted, items, als)
    return placed, items


def half_step(confidence: csr_matrix, factors: Floats, als: Als) -> Floats:
    """Solve one side, rows of confidence (rows, columns), from the factors of the other (columns, rank): (rows, rank)."""
    upper = np.triu_indices(factors.shape[1])
    squares = factors[:, upper[0]] * factors[:, upper[1]]
    base = gram(factors)
    step = max(1, CELLS // base.size)
    parts = [
        _solve(confidence[start : start + step], factors, squares, base, als)
        for start in range(0, confidence.shape[0], step)
    ]
    return np.concatenate(parts)


def _solve(confidence: csr_matrix, factors: Floats, squares: Floats, base: NDArray[np.float64], als: Als) -> Floats:
    """Solve (YtY + sum(alpha c y yt) + reg n I) x = sum((1 + alpha c) y) for each row, n its number of pairs."""
    rank = len(base)
    upper, counts = np.triu_indices(rank), confidence.getnnz(axis=1)
    systems = np.empty((len(counts), rank, rank))
    systems[:, upper[0], upper[1]] = systems[:, upper[1], upper[0]] = als.alpha * (confidence @ squares)
    systems += base
    systems[:, np.arange(rank), np.arange(rank)] += als.regularisation * counts[:, None]
    sure = csr_matrix((1 + als.alpha * confidence.data, confidence.indices, confidence.indptr), confidence.shape)
    some = counts > 0
    solved = np.zeros((len(counts), rank), np.float32)
    solved[some] = np.linalg.solve(systems[some], (sure @ factors)[some][:, :, None])[:, :, 0]
    return solved


def _sphere(rows: int, als: Als) -> Floats:
    drawn = np.random.default_rng(als.seed).normal(size=(rows, als.rank))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)
