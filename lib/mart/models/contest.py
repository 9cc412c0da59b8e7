"""A contest of rivals: configurations of the model, and popularity, trained up to the same cut and scored on the same products.

Nothing here computes with Spark: models/rivals.py measures, gate.py judges, card.py and plots.py show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """How one rival did. Arrays have a place for each shopper measured; the shoppers are the same for every rival."""

    ndcg: Floats
    recall: Floats
    map: Floats
    tail: Floats  # nDCG on tail products alone; NaN where none of the shopper's is held out
    shown: Floats  # how often each product stands in a list, most often first; products in no list are left out
    head_share: float  # of the places, given to head products
    scoring_ms: float | None  # to rank all products for one shopper


@dataclass(frozen=True)
class Contest:
    """Rivals trained up to the same cut."""

    protocol: str  # a sentence: what was known, what was held out
    k: int  # places that count
    products: int  # that a list could show
    segments: Mapping[str, Flags]  # which of the shoppers measured belong to it
    challenger: Scored
    popularity: Scored
    champion: Scored | None  # of the champion's configuration; None where there is no champion
    champion_version: str | None

    def rivals(self) -> dict[str, Scored]:
        """Give every rival by name, the challenger first."""
        champion = {f"champion (version {self.champion_version})": self.champion} if self.champion else {}
        return {"challenger": self.challenger, **champion, "popularity": self.popularity}

    def metrics(self) -> dict[str, float]:
        """Name the means as the registry keeps them."""
        rivals = {"": self.challenger, "popularity_": self.popularity}
        rivals |= {"champion_": self.champion} if self.champion else {}
        named = {
            f"{who}{name}_at_{self.k}": value for who, one in rivals.items() for name, value in self._means(one).items()
        }
        took = self.challenger.scoring_ms
        return named | {"shoppers_measured": float(len(self.challenger.ndcg))} | ({"scoring_ms": took} if took else {})

    def _means(self, one: Scored) -> dict[str, float]:
        means = {name: float(getattr(one, name).mean()) for name in ("ndcg", "recall", "map")}
        return means | {"coverage": len(one.shown) / self.products}

    def groups(self) -> Iterator[tuple[str, Flags, str]]:
        """Give each segment with its shoppers and the score that counts there."""
        for name, members in self.segments.items():
            yield name, members, "ndcg"
        yield "tail products", ~np.isnan(self.challenger.tail), "tail"
