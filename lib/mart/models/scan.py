"""Exact search: which products score highest for one or many shoppers, every product looked at. No Spark.

In: factors of products (products, rank) and of shoppers (shoppers, rank), which products may be shown at all, and which each
shopper must not see. Out: positions and scores, best first; equal scores stand in order of position.

Sorting out the best of a million scores costs as much as computing them. So of each strip of scores only the greatest is
looked at first, in one pass at the memory's speed: only the n strips with the greatest can hold the best n. A strip is every
k-th score, so that numpy takes the greater of whole rows at a time: forty times as fast as along short runs.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Positions = NDArray[np.int64]
Pairs = tuple[Positions, Positions]  # rows of shoppers, and positions of products
SHOPPERS = 64  # scored together: factors of products are read from memory once for all of them
BLOCK = 8192  # products scored at once where not all scores are kept: they stay in the processor's cache
SCORES = 4_000_000  # kept at most [16 MB]
NONE = np.zeros(0, np.int64)


def best(factors: Floats, shopper: Floats, allowed: NDArray[np.bool_] | None, n: int) -> tuple[Positions, Floats]:
    """Find the n best products that are allowed (products), all where None, for one shopper (rank).

    Gives positions and scores, as many as are left where fewer than n are allowed.
    """
    scores = factors @ shopper
    if allowed is not None:
        scores[~allowed] = -np.inf
    (found,) = top(scores[None], n)
    kept = found[np.isfinite(scores[found])]
    return kept, scores[kept]


def best_many(
    factors: Floats, shoppers: Floats, allowed: NDArray[np.bool_] | None, n: int, seen: Pairs = (NONE, NONE)
) -> tuple[Positions, Floats]:
    """Find the n best for many shoppers (shoppers, rank); `seen` are pairs of a row of those and a product not for them.

    Gives positions and scores (shoppers, n); where fewer are left for a shopper, the last scores are -inf.
    """
    n = min(n, len(factors))
    positions, scores = np.zeros((len(shoppers), n), np.int64), np.full((len(shoppers), n), -np.inf, np.float32)
    if not positions.size:
        return positions, scores
    rows, products = seen
    order = np.lexsort((products, rows))
    rows, products = rows[order], products[order]
    together = max(SHOPPERS, BLOCK * SHOPPERS // len(factors))
    search = _all if together * len(factors) <= SCORES else _strips
    for start in range(0, len(shoppers), together):
        part = slice(start, start + together)
        inside = slice(*np.searchsorted(rows, (start, start + together)))
        positions[part], scores[part] = search(
            factors, shoppers[part], allowed, n, (rows[inside] - start, products[inside])
        )
    return positions, scores


def top(scores: Floats, n: int) -> Positions:
    """Give the positions of the n greatest of each row, greatest first, equal ones in order: (rows, n)."""
    rows, width = scores.shape
    n = min(n, width)
    strip = _strip(width, n)
    strips = width // strip
    if strips < 4 * n:
        return _sorted(scores, np.argpartition(scores, -n, axis=1)[:, -n:])
    greatest = scores[:, : strips * strip].reshape(rows, strip, strips).max(axis=1)
    first = np.argpartition(greatest, -n, axis=1)[:, -n:]
    some = (first[:, :, None] + np.arange(strip) * strips).reshape(rows, -1)
    rest = np.arange(strips * strip, width)
    some = np.concatenate([some, np.broadcast_to(rest, (rows, len(rest)))], axis=1)
    found = np.argpartition(np.take_along_axis(scores, some, axis=1), -n, axis=1)[:, -n:]
    return _sorted(scores, np.take_along_axis(some, found, axis=1))


def _strip(width: int, n: int) -> int:
    """Choose the length that leaves fewest to look at: strips, and scores in n of them."""
    return int(max(16, min(512, 1 << round(np.log2(max(1, width / n)) / 2))))


def _sorted(scores: Floats, some: Positions) -> Positions:
    order = np.lexsort((some, -np.take_along_axis(scores, some, axis=1)), axis=1)
    return np.take_along_axis(some, order, axis=1)


def _all(
    factors: Floats, shoppers: Floats, allowed: NDArray[np.bool_] | None, n: int, seen: Pairs
) -> tuple[Positions, Floats]:
    """Keep all scores."""
    scores = shoppers @ factors.T
    if allowed is not None and not allowed.all():
        scores[:, ~allowed] = -np.inf
    scores[seen] = -np.inf
    found = top(scores, n)
    return found, np.take_along_axis(scores, found, axis=1)


def _strips(
    factors: Floats, shoppers: Floats, allowed: NDArray[np.bool_] | None, n: int, seen: Pairs
) -> tuple[Positions, Floats]:
    """Keep only the greatest of each strip, then score each shopper's best strips again."""
    strip = _strip(len(factors), n)
    blocks = range(0, len(factors), BLOCK)
    greatest = np.concatenate([_greatest(factors, shoppers, allowed, seen, start, strip) for start in blocks])
    block, place = np.divmod(np.argpartition(greatest.T, -n, axis=1)[:, -n:], BLOCK // strip)
    some = ((block * BLOCK + place)[:, :, None] + np.arange(0, BLOCK, BLOCK // strip)).reshape(len(shoppers), -1)
    beyond = some >= len(factors)  # the last block is shorter
    some[beyond] = 0
    scores = np.matmul(factors[some], shoppers[:, :, None])[:, :, 0]
    scores[beyond | (False if allowed is None else ~allowed[some])] = -np.inf
    first = np.searchsorted(seen[0], np.arange(len(shoppers) + 1))
    for row in np.flatnonzero(np.diff(first)):
        scores[row, np.isin(some[row], seen[1][first[row] : first[row + 1]])] = -np.inf
    found = np.argpartition(scores, -n, axis=1)[:, -n:]
    positions = np.take_along_axis(some, found, axis=1)
    scores = np.take_along_axis(scores, found, axis=1)
    order = np.lexsort((positions, -scores), axis=1)
    return np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _greatest(
    factors: Floats, shoppers: Floats, allowed: NDArray[np.bool_] | None, seen: Pairs, start: int, strip: int
) -> Floats:
    """Give the greatest score in each strip of a block: (strips, shoppers). Products by shoppers is the quicker way round."""
    scores = factors[start : start + BLOCK] @ shoppers.T
    if allowed is not None:
        scores[~allowed[start : start + BLOCK]] = -np.inf
    here = (seen[1] >= start) & (seen[1] < start + BLOCK)
    scores[seen[1][here] - start, seen[0][here]] = -np.inf
    if rest := BLOCK - len(scores):
        scores = np.concatenate([scores, np.full((rest, len(shoppers)), -np.inf, np.float32)])
    return np.asarray(scores.reshape(strip, BLOCK // strip, len(shoppers)).max(axis=0))
