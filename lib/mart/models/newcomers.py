"""Where a product may lie that too few have touched to say: near those of its category and brand.

In: factors (products, rank) of the products that the model knows, and every product's category and brand as codes.
Out: factors for all. No Spark.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
CATEGORY, BRAND = 3.0, 1.0  # a category says more of what a product is for
NEAR = 0.25


def guess(
    factors: Floats, known: NDArray[np.bool_], category: NDArray[np.integer], brand: NDArray[np.integer]
) -> Floats:
    """Fill in the rows that are not `known` by their place `between` others."""
    return np.asarray(np.where(known[:, None], factors, between(factors, known, category, brand)), np.float32)


def between(
    factors: Floats, known: NDArray[np.bool_], category: NDArray[np.integer], brand: NDArray[np.integer]
) -> Floats:
    """Place each product between the known ones of its category and brand: (products, rank), 0 where there is none.

    Codes count from 0, one for each product, of which there may be more than rows of factors; -1 is a product of which it is
    not known. A product that few have touched lies near the origin, the regularisation sees to that; so no place lies further
    out than a quarter of the known products, or new ones would fill the lists of whoever likes a category.
    """
    guessed = _middle(factors, known, category, brand)
    far = np.linalg.norm(guessed, axis=1) / (
        np.quantile(np.linalg.norm(factors[known], axis=1), NEAR) if known.any() else 1
    )
    return np.asarray(guessed / np.maximum(far, 1)[:, None], np.float32)


def _middle(
    factors: Floats, known: NDArray[np.bool_], category: NDArray[np.integer], brand: NDArray[np.integer]
) -> Floats:
    """Average what is known of each product's category and brand."""
    total, weight = np.zeros((len(category), factors.shape[1]), np.float32), np.zeros(len(category), np.float32)
    for codes, worth in ((category, CATEGORY), (brand, BRAND)):
        means, there = _means(factors, known, codes)
        total[there] += np.float32(worth) * means[codes[there]]
        weight[there] += np.float32(worth)
    return np.asarray(total / np.maximum(weight, 1)[:, None])


def _means(factors: Floats, known: NDArray[np.bool_], codes: NDArray[np.integer]) -> tuple[Floats, NDArray[np.bool_]]:
    """Average the known factors of each code (codes, rank); and say for which products there is such a mean."""
    size = int(codes.max(initial=-1)) + 1
    ours = np.flatnonzero(known[: len(codes)] & (codes[: len(known)] >= 0))
    sums, counts = np.zeros((size, factors.shape[1]), np.float32), np.zeros(size, np.float32)
    np.add.at(sums, codes[ours], factors[ours])
    np.add.at(counts, codes[ours], 1)
    return np.asarray(sums / np.maximum(counts, 1)[:, None], np.float32), np.append(counts > 0, False)[codes]
