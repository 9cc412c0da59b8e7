"""Metrics of ranked lists with their intervals, over all shoppers and over segments of shoppers and products.

In: lists (shoppers, k) and the split they answer. Out: numbers by name. Formulas of microsoft/recommenders, as in
models/metrics.py, which does the same on Spark.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from mart.evaluation.acts import Flags, Ints
from mart.evaluation.protocols import Split
from mart.models.segments import by_size

Numbers = NDArray[np.float64]

HEAD = 0.2  # of the products, those with the most shoppers
Z = 1.96  # standard errors on each side of a mean that hold 95 % of a normal distribution

NAMES = ("ndcg", "map", "recall", "precision", "mrr")


def per_shopper(lists: Ints, wanted: csr_matrix) -> dict[str, Numbers]:
    """Score lists (shoppers, k) against what is wanted (shoppers, products), of each at least one: each metric (shoppers)."""
    k = lists.shape[1]
    hit, many, place = _hits(lists, wanted), wanted.getnnz(axis=1), np.arange(1, k + 1)
    gains = 1 / np.log2(place + 1)
    first = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, np.inf)
    return {
        "ndcg": hit @ gains / gains.cumsum()[np.minimum(many, k) - 1],
        "map": (hit.cumsum(axis=1) / place * hit).sum(axis=1) / many,
        "recall": hit.sum(axis=1) / many,
        "precision": hit.sum(axis=1) / k,
        "mrr": 1 / first,
    }


def _hits(lists: Ints, wanted: csr_matrix) -> Flags:
    rows, products = wanted.nonzero()
    width = wanted.shape[1]
    keys = np.arange(len(lists))[:, None] * width + lists
    return np.isin(keys, rows.astype(np.int64) * width + products) & (lists >= 0)


def interval(values: Numbers) -> tuple[float, float]:
    """Give the 95 % interval of a mean over shoppers, by the normal distribution."""
    half = Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.inf
    return float(values.mean() - half), float(values.mean() + half)


@dataclass(frozen=True)
class Scored:
    """Lists that answer a split, and what they are worth."""

    split: Split
    lists: Ints  # (shoppers, k)

    @property
    def wanted(self) -> csr_matrix:
        """What each of the shoppers wants (shoppers, products)."""
        return self.split.wanted[self.split.shoppers]

    @cached_property
    def each(self) -> dict[str, Numbers]:
        """Each metric for each shopper."""
        return per_shopper(self.lists, self.wanted)

    def row(self) -> dict[str, float]:
        """Give the means as `ndcg@10`, the interval of nDCG, coverage and novelty."""
        k = self.lists.shape[1]
        low, high = interval(self.each["ndcg"])
        means = {f"{name}@{k}": float(self.each[name].mean()) for name in NAMES}
        wide = {f"ndcg@{k}_low": low, f"ndcg@{k}_high": high}
        return means | wide | {f"coverage@{k}": self.coverage(), f"novelty@{k}": self.novelty()}

    def coverage(self) -> float:
        """The share of the candidates that any list shows."""
        return len(np.unique(self.lists[self.lists >= 0])) / int(self.split.candidates.sum())

    def novelty(self) -> float:
        """How surprising what is shown is: bits, the logarithm of one in how many shoppers has it (Zhou et al. 2010)."""
        share = _shoppers_of(self.split) / max(1, int((self.split.left_out.getnnz(axis=1) > 0).sum()))
        bits = -np.log2(np.maximum(share, 1 / self.split.users))
        return float(bits[self.lists[self.lists >= 0]].mean())

    def segments(self) -> dict[str, dict[str, float]]:
        """Give nDCG of new, light and heavy shoppers, recall of head and tail products, each with how many there are."""
        return self._of_shoppers() | self._of_products()

    def _of_shoppers(self) -> dict[str, dict[str, float]]:
        k, found = self.lists.shape[1], {}
        for name, rows in shopper_segments(self.split).items():
            values = self.each["ndcg"][rows]
            if len(values) > 1:
                low, high = interval(values)
                mean = {f"ndcg@{k}": float(values.mean()), f"ndcg@{k}_low": low, f"ndcg@{k}_high": high}
                found[name] = {"shoppers": len(values)} | mean
        return found

    def _of_products(self) -> dict[str, dict[str, float]]:
        k, head, found = self.lists.shape[1], head_products(self.split), {}
        shown = self.lists[self.lists >= 0]
        for name, products in (("head products", head), ("tail products", self.split.candidates & ~head)):
            wanted = csr_matrix(self.wanted.multiply(products[None, :]))
            wanted.eliminate_zeros()
            asked = wanted.getnnz(axis=1) > 0
            if asked.any():
                share = float(products[shown].mean())
                recall = per_shopper(self.lists[asked], wanted[asked])["recall"].mean()
                found[name] = {"products": int(products.sum()), f"recall@{k}": float(recall), "share_of_lists": share}
        return found


def shopper_segments(split: Split) -> dict[str, Flags]:
    """Tell shoppers apart by how many products they have."""
    return by_size(split.left_out.getnnz(axis=1)[split.shoppers])


def head_products(split: Split) -> Flags:
    """Mark the fifth of the candidates that has the most shoppers."""
    counts = np.where(split.candidates, _shoppers_of(split), -1)
    order = np.argsort(-counts, kind="stable")
    head = np.zeros(split.products, bool)
    head[order[: round(HEAD * int(split.candidates.sum()))]] = True
    return head


def _shoppers_of(split: Split) -> Ints:
    return np.asarray(split.left_out.getnnz(axis=0), np.int64)
