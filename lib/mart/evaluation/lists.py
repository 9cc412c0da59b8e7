"""Ranked lists: every candidate is scored for every shopper, what they have is left out, no negatives are sampled.

In: a function that scores a block of shoppers. Out: (shoppers, k) products, best first, -1 where none is left.
"""

from collections.abc import Callable

import numpy as np

from mart.evaluation.acts import Floats, Ints
from mart.evaluation.protocols import Split
from mart.models.scan import top

Score = Callable[[Ints], Floats]  # users (block) -> scores (block, products)

SCORES = 4_000_000  # at once [16 MB]


def rank(split: Split, score: Score, k: int) -> Ints:
    """List the first k products for each of the split's shoppers."""
    step = max(1, SCORES // max(1, split.products))
    blocks = [split.shoppers[start : start + step] for start in range(0, len(split.shoppers), step)]
    return np.concatenate([_block(split, score, users, k) for users in blocks])


def _block(split: Split, score: Score, users: Ints, k: int) -> Ints:
    scores = np.array(score(users), np.float32)
    scores[:, ~split.candidates] = -np.inf
    scores[split.left_out[users].nonzero()] = -np.inf
    best = top(scores, k)
    best[~np.isfinite(np.take_along_axis(scores, best, axis=1))] = -1
    return np.pad(best, ((0, 0), (0, k - best.shape[1])), constant_values=-1)
