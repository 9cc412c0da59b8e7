"""Fold in: where a model places a shopper, from all that they did, without training again.

In: the factors of one side, and per row of the other side its positions and confidences. Out: that row's factors.

These are the normal equations of implicit ALS (Hu, Koren, Volinsky 2008; doi:10.1109/ICDM.2008.22) as MLlib solves them,
with the regularisation times the number of a row's ratings (Zhou et al. 2008):

    A = YtY + sum(alpha c y yt) + reg n I      b = sum((1 + alpha c) y)      A x = b

MLlib solves the users last in each iteration, so folding in the history that a model was trained on gives back its own user
factors. Users and items may change places: with the users' factors as Y, x is a product's place (the half-step). No Spark.
"""

import numpy as np
from numpy.typing import NDArray

from mart.settings import Als

Floats = NDArray[np.float32]
Ints = NDArray[np.integer]
ROWS = 1024  # solved at once: 34 MB of equations at rank 64


def gram(factors: Floats) -> NDArray[np.float64]:
    """Multiply factors (rows, rank) with themselves: YtY (rank, rank), once for a model."""
    wide = factors.astype(np.float64)
    return wide.T @ wide


def equations(
    gram: NDArray[np.float64], factors: Floats, products: Ints, confidences: Floats, als: Als
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Set up A (rank, rank) and the columns of b, (1 + alpha c) y each: (products, rank)."""
    y, c = factors[products].astype(np.float64), als.alpha * np.abs(confidences.astype(np.float64))
    ridge = als.regularisation * np.count_nonzero(confidences > 0)
    a = gram + (y.T * c) @ y
    a.flat[:: len(a) + 1] += ridge
    return a, y * np.where(confidences > 0, 1 + c, 0)[:, None]


def fold_in(gram: NDArray[np.float64], factors: Floats, products: Ints, confidences: Floats, als: Als) -> Floats:
    """Place one shopper: (rank); at the origin, where nothing is preferred, who has done nothing.

    `products` are positions in `factors`, each once; `confidences` go with them. One below 0 is a sure no, as in MLlib.
    """
    return fold_in_many(gram, factors, np.array([0, len(products)]), products, confidences, als).ravel()


def fold_in_many(
    gram: NDArray[np.float64], factors: Floats, indptr: Ints, products: Ints, confidences: Floats, als: Als
) -> Floats:
    """Place many shoppers: (users, rank). Shopper u's pairs are those from indptr[u] to indptr[u + 1]."""
    users = len(indptr) - 1
    placed = np.zeros((users, len(gram)), np.float32)
    some = np.flatnonzero(np.diff(indptr))
    for start in range(0, len(some), ROWS):
        block = some[start : start + ROWS]
        left = np.empty((len(block), *gram.shape))
        right = np.empty((len(block), len(gram)))
        for row, user in enumerate(block):
            pairs = slice(indptr[user], indptr[user + 1])
            left[row], parts = equations(gram, factors, products[pairs], confidences[pairs], als)
            right[row] = parts.sum(axis=0)
        placed[block] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return placed


def contributions(
    gram: NDArray[np.float64], factors: Floats, products: Ints, confidences: Floats, product: int, als: Als
) -> NDArray[np.float64]:
    """Say what each pair of a history adds to the score of a product: (products), summing to it.

    The score is y At b, and b is a sum over the history (section 5 of the paper).
    """
    a, parts = equations(gram, factors, products, confidences, als)
    return np.asarray(parts @ np.linalg.solve(a, factors[product].astype(np.float64)))
