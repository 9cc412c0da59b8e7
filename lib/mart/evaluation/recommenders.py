"""The recommenders that a report compares, each made of what a split knows and of nothing else.

In: a split. Out: a function that scores all products for a block of shoppers.
"""

from collections.abc import Callable

import numpy as np

from mart.evaluation.acts import Floats, Ints
from mart.evaluation.lists import Score, rank
from mart.evaluation.protocols import Split
from mart.evaluation.scores import Scored
from mart.models import baselines
from mart.settings import Als

Factors = tuple[Floats, Floats]
Train = Callable[[Ints, Ints, Floats, tuple[int, int], Als], Factors]  # users, products, confidences, shape -> factors
Guess = Callable[[Ints, Ints, Floats, tuple[int, int]], Factors]  # the same of stars, with parameters of its own

RIDGES = (100.0, 200.0, 400.0, 800.0)  # that EASE is tried with on the inner split
K = 10


def popularity(split: Split) -> Score:
    """Score by how many shoppers had to do with a product."""
    counts = baselines.popularity(split.known)
    return lambda users: np.broadcast_to(counts, (len(users), split.products))


def cosine(split: Split) -> Score:
    """Score by likeness to what a shopper has. Raises TooLarge."""
    weights = baselines.cosine(split.known)
    return lambda users: np.asarray((split.known[users] @ weights).toarray(), np.float32)


def ease(split: Split, ridge: float) -> Score:
    """Score by EASE's weights. Raises TooLarge."""
    weights = baselines.ease(split.known, ridge)
    return lambda users: np.asarray(split.known[users] @ weights, np.float32)


def ridge(split: Split) -> float:
    """Choose EASE's regularisation on the inner split, so that it is as well tuned as ours."""
    inner = split.inner()
    return max(RIDGES, key=lambda one: ndcg(inner, ease(inner, one)))


def als(split: Split, settings: Als, train: Train) -> Score:
    """Train ALS on what is known, weighed by taste."""
    pairs = split.history.weigh(settings.taste, split.now)
    return _factors(split, train(pairs.users, pairs.products, pairs.confidences, split.wanted.shape, settings))


def explicit(split: Split, guess: Guess) -> Score:
    """Rank by the stars that explicit ALS expects."""
    pairs = split.history.weigh(Als().taste, split.now)
    return _factors(split, guess(pairs.users, pairs.products, pairs.confidences, split.wanted.shape))


def _factors(split: Split, factors: Factors) -> Score:
    """Score by the products' factors; who has none, as after giving everything back, is shown what is popular."""
    placed, items = factors
    everyone = popularity(split)

    def score(users: Ints) -> Floats:
        somewhere = placed[users].any(axis=1, keepdims=True)
        return np.where(somewhere, placed[users] @ items.T, everyone(users))

    return score


def ndcg(split: Split, score: Score) -> float:
    """Give the mean nDCG@10 of a recommender's lists."""
    return float(Scored(split, rank(split, score, K)).each["ndcg"].mean())
