"""What every recommender must be measured against: popularity, item-item cosine, EASE, and ALS that takes stars at their word.

In: a matrix (users, products) of what is known. Out: weights (products, products) for a shopper's own row, or factors.
All but ALS work on the driver, with a square of products in memory: for comparison, not for service.
"""

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from scipy.sparse import csr_matrix, diags

Floats = NDArray[np.float32]

PRODUCTS = 10_000  # at most: 800 MB for the inverse, about five minutes on one core
NEIGHBOURS = 50


class TooLarge(ValueError):
    """More products than a square of them fits into memory."""


def popularity(known: csr_matrix) -> Floats:
    """Count each product's shoppers (products): the same list for everyone."""
    return np.asarray(known.getnnz(axis=0), np.float32)


def cosine(known: csr_matrix, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """Weigh each product by its likeness to those a shopper has, its `neighbours` nearest alone (Deshpande, Karypis 2004).

    Column j holds the likeness of product j to its nearest others. Raises TooLarge.
    """
    _fits(known)
    counts = np.maximum(np.asarray(known.multiply(known).sum(axis=0)).ravel(), 1e-12)
    unit = known @ diags(1 / np.sqrt(counts))
    alike = (unit.T @ unit).toarray().astype(np.float32)
    np.fill_diagonal(alike, 0)
    if neighbours < len(alike):
        least = np.partition(alike, -neighbours, axis=0)[-neighbours]
        alike[alike < least] = 0
    return csr_matrix(alike)


def ease(known: csr_matrix, ridge: float) -> Floats:
    """Solve for the weights of products on one another that rebuild the matrix, none on itself (Steck 2019, arXiv:1905.03375).

    Raises TooLarge.
    """
    _fits(known)
    gram = (known.T @ known).toarray().astype(np.float64)
    gram.flat[:: len(gram) + 1] += ridge
    factor = scipy.linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
    inverse = scipy.linalg.cho_solve(factor, np.eye(len(gram)), overwrite_b=True, check_finite=False)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)


def explicit_als(
    stars: DataFrame, rank: int, iterations: int, regularisation: float, seed: int
) -> tuple[DataFrame, DataFrame]:
    """Guess the stars (user INT, item INT, stars FLOAT): what ranks badly, since who rates a product chose it first.

    Gives rows (id, features) of users and of items.
    """
    solver = ALS(rank=rank, maxIter=iterations, regParam=regularisation, seed=seed, ratingCol="stars")
    model = solver.setUserCol("user").setItemCol("item").setNumBlocks(2).fit(stars)
    return model.userFactors, model.itemFactors


def _fits(known: csr_matrix) -> None:
    if known.shape[1] > PRODUCTS:
        raise TooLarge(
            f"{known.shape[1]:,} products: item-item cosine and EASE hold a square of at most {PRODUCTS:,} in memory; "
            "leave them out with --models popularity,implicit_als"
        )
