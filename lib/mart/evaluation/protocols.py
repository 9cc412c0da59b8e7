"""Protocols: what a recommender may know, what it must find, and whom it is asked for.

In: ratings or acts. Out: a split, and inside of its known part another one, the only place where anything may be tuned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from mart.evaluation.acts import PURCHASE, REFUND, Acts, Flags, Floats, Ints, Pairs, Ratings, fold, instant
from mart.evaluation.reading import NoActs
from mart.settings import Taste

MOVIELENS, TIME = "ms-movielens-100k", "time-split"
RATINGS = 100_000
SEED, INNER_SEED = 42, 7
SHARE, INNER_SHARE = 0.75, 0.8  # of each movie's ratings that are known
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class History(Protocol):
    """What is known, not yet weighed."""

    def weigh(self, taste: Taste, now: datetime) -> Pairs:
        """Say how sure each pair is."""


@dataclass(frozen=True)
class Split:
    """One question to recommenders. Matrices are (users, products) of the whole data set; `now` is the newest act known."""

    history: History
    now: datetime
    known: csr_matrix  # who had to do with what, all of it alike: what peers learn from
    left_out: csr_matrix  # must not be recommended: the shopper has it
    wanted: csr_matrix  # must be found
    candidates: Flags  # (products) may be recommended: known
    shoppers: Ints  # who is asked for: known, and there is something to be found
    inner: Callable[[], "Split"]  # the same question, asked inside of what is known
    told: str  # in a few words, what was split and how

    @property
    def users(self) -> int:
        """Users of the whole data set."""
        return int(self.wanted.shape[0])

    @property
    def products(self) -> int:
        """Products of the whole data set."""
        return int(self.wanted.shape[1])


def movielens(rows: list[tuple[str, str, float, int]]) -> Split:
    """Split as microsoft/recommenders does in examples/06_benchmarks/movielens.ipynb: 75 % of each movie's ratings known.

    `rows` are (user, item, stars, seconds) in the order of u.data. All stars count, and each rating held out is wanted. Raises
    NoActs for other data: published rows beside it would say nothing.
    """
    if len(rows) != RATINGS or not all(row[0].isdigit() and row[1].isdigit() for row in rows):
        raise NoActs(f"not MovieLens-100k: {len(rows):,} ratings instead of {RATINGS:,}; take --protocol {TIME}")
    users, products = (np.unique([int(row[i]) for row in rows], return_inverse=True)[1] for i in (0, 1))
    ratings = Ratings(users, products, np.array([row[2] for row in rows], np.float32))
    return _stratified(ratings, SHARE, SEED)


def _stratified(ratings: Ratings, share: float, seed: int) -> Split:
    known = stratified(ratings.products, share, seed)
    before, after = (Ratings(ratings.users[k], ratings.products[k], ratings.stars[k]) for k in (known, ~known))
    shape = (int(ratings.users.max()) + 1, int(ratings.products.max()) + 1)
    have, wanted = (_matrix(part.users, part.products, shape) for part in (before, after))
    told = f"{known.sum():,} of {len(known):,} ratings known, {share:.0%} of each product's; the others wanted"
    return _split(before, NEVER, have, have, wanted, lambda: _stratified(before, INNER_SHARE, INNER_SEED), told)


def stratified(products: Ints, share: float, seed: int) -> Flags:
    """Mark what is known: of each product's rows, in a random order, the first `share`, rounded half to even.

    The rows must stand in the order of the source: as there, row i draws the i-th number of numpy's old generator.
    """
    drawn = np.random.RandomState(seed).rand(len(products))  # the protocol's own generator
    order = np.lexsort((drawn, products))
    counts = np.bincount(products)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(products)) - starts[products[order]]
    known = np.zeros(len(products), bool)
    known[order] = place < np.round(share * counts)[products[order]]
    return known


def cut_at(acts: Acts, cut: datetime, until: datetime | None = None) -> Split:
    """Split at an instant: known is what was before, wanted what was bought from then on. Raises NoActs.

    The inner cut lies as long before as the newest act lies after.
    """
    end = until or instant(acts.at.max())
    at = np.datetime64(cut.astimezone(UTC).replace(tzinfo=None), "us")
    earlier = cut - (end - cut)
    known = acts.at < at
    told = f"known until {cut:%Y-%m-%d %H:%M}, wanted until {end:%Y-%m-%d %H:%M}"
    return _in_time(acts, known, lambda: cut_at(acts.where(known), earlier, cut - timedelta(microseconds=1)), told)


def newest_of_each(acts: Acts, share: float) -> Split:
    """Split each shopper's acts in time: wanted is the newest `share`, at least one, of whoever has two. Raises NoActs."""
    order = np.lexsort((np.arange(len(acts)), acts.at, acts.users))
    counts = np.bincount(acts.users, minlength=len(acts.user_ids))
    left = (counts.cumsum()[acts.users[order]]) - np.arange(len(acts))  # acts from here to the shopper's last
    out = np.minimum(np.maximum(np.round(share * counts), 1), counts - 1)
    known = np.ones(len(acts), bool)
    known[order] = left > out[acts.users[order]]
    told = f"each shopper's newest {share:.0%} wanted, what was before known"
    return _in_time(acts, known, lambda: newest_of_each(acts.where(known), share), told)


def _in_time(acts: Acts, known: Flags, inner: Callable[[], Split], told: str) -> Split:
    """Want what was bought; where nobody buys anything, what was looked at or put into the cart."""
    bought = acts.kinds == PURCHASE
    aim = bought if bought.any() else acts.kinds != REFUND
    shape = (len(acts.user_ids), len(acts.product_ids))
    before = acts.where(known)
    if not len(before) or known.all():
        raise NoActs(f"nothing to evaluate, {told}: {known.sum():,} acts are known and {(~known).sum():,} are not")
    present = before.kinds != REFUND
    have, met, wanted = (
        _matrix(users, products, shape)
        for users, products in (
            (acts.users[known & aim], acts.products[known & aim]),
            (before.users[present], before.products[present]),
            (acts.users[~known & aim], acts.products[~known & aim]),
        )
    )
    return _split(fold(before), instant(before.at.max()), met, have, wanted, inner, told)


def _split(
    history: History, now: datetime, met: csr_matrix, have: csr_matrix, wanted: csr_matrix,
    inner: Callable[[], Split], told: str,
) -> Split:  # fmt: skip
    """Ask for known shoppers and known products only, and for what the shopper does not have yet."""
    candidates = np.asarray(met.sum(axis=0)).ravel() > 0
    new = wanted - wanted.multiply(have)
    new = csr_matrix(new.multiply(candidates[None, :]))
    new.eliminate_zeros()
    asked = np.flatnonzero((met.getnnz(axis=1) > 0) & (new.getnnz(axis=1) > 0))
    if not len(asked):
        raise NoActs(f"nobody to ask for, {told}: no known shopper wants a known product that is new to them")
    return Split(history, now, met, have, new, candidates, asked, inner, told)


def _matrix(users: Ints, products: Ints, shape: tuple[int, int]) -> csr_matrix:
    """Mark pairs with 1, repeated ones too."""
    marked = csr_matrix((np.ones(len(users), np.float32), (users, products)), shape=shape)
    marked.data[:] = 1
    return marked


def matrix(pairs: Pairs, split: Split, values: Floats | None = None) -> csr_matrix:
    """Give pairs as a matrix (users, products), by default of their confidences."""
    entries = pairs.confidences if values is None else values
    return csr_matrix((entries, (pairs.users, pairs.products)), shape=(split.users, split.products))
