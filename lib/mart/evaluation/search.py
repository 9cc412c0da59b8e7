"""Search for hyper-parameters by the recipe of iALS (Rendle et al. 2021, arXiv:2110.14037): small rank first, then double it.

In: a split, whose inner split alone is looked at. Out: the best settings. Each trial is kept as it ends, so a search that
was killed goes on where it was: what is tried next depends on the scores alone.

At the small rank one hyper-parameter after the other is moved up and down a step as long as that helps, then again with
smaller steps. At each double the regularisation is doubled too, as long as that helps. What is then left of the trials goes
into small steps at the rank that won.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mart.settings import Als

SMALL = 16
STEPS = (3.0, 1.7)  # factors by which a value is moved, in the first round and in the second
FIRST = 2 / 3  # of the trials, at the small rank at most
HALF_LIFE = 60.0  # days, where a search over time decay begins

ACTS = ("taste.purchases", "taste.cart_adds", "taste.views")
STRENGTH = ("alpha", "regularisation")
DECAY = "taste.half_life_days"


class Memory(Protocol):
    """Where trials are kept: edges/trials, or a dictionary."""

    def done(self) -> dict[str, float]:
        """Give the trials that have ended."""

    def keep(self, key: str, params: dict[str, object], score: float, seconds: float) -> None:
        """Record one more."""


@dataclass
class Search:
    """Try settings, each once, at most `trials` of them."""

    evaluate: Callable[[Als], float]
    memory: Memory
    trials: int
    told: Callable[[Als, float, int], None] = lambda als, score, count: None
    scores: dict[str, float] = field(default_factory=dict)
    tried: dict[str, Als] = field(default_factory=dict)

    def run(self, start: Als, dimensions: Sequence[str]) -> tuple[Als, float]:
        """Search from `start`, and give the best settings with their score on the inner split."""
        self.scores = self.memory.done()
        best = start.model_copy(update={"rank": min(SMALL, start.rank)})
        self.score(best)
        small = round(self.trials * FIRST)
        for step in STEPS:
            best = self._descend(best, dimensions, step, small)
        best = self._double(best)
        best = self._descend(best, dimensions, STEPS[-1], self.trials)
        return best, self.score(best)

    def score(self, als: Als) -> float:
        """Try settings, or remember what they scored."""
        key = key_of(als)
        if key not in self.scores:
            began = time.monotonic()
            score = self.evaluate(als)
            self.memory.keep(key, flat(als), score, time.monotonic() - began)
            self.scores[key] = score
        if key not in self.tried:
            self.tried[key] = als
            self.told(als, self.scores[key], len(self.tried))
        return self.scores[key]

    def _better(self, one: Als, other: Als) -> bool:
        return self.score(one) > self.score(other)

    def _left(self, most: int) -> bool:
        return len(self.tried) < most

    def _descend(self, best: Als, dimensions: Sequence[str], step: float, most: int) -> Als:
        """Move each dimension on its own, up and down, as long as that helps."""
        for name in dimensions:
            for factor in (step, 1 / step):
                while self._left(most):
                    moved = change(best, name, factor)
                    if not self._better(moved, best):
                        break
                    best = moved
        return best

    def _double(self, best: Als) -> Als:
        """Double the rank as long as that helps."""
        while self._left(self.trials):
            twice = self._stronger(best.model_copy(update={"rank": best.rank * 2}))
            if not self._better(twice, best):
                break
            best = twice
        return best

    def _stronger(self, als: Als) -> Als:
        """Double the regularisation as long as that helps: more coordinates want more of it."""
        self.score(als)
        while self._left(self.trials):
            more = change(als, "regularisation", 2)
            if not self._better(more, als):
                break
            als = more
        return als


def change(als: Als, name: str, factor: float) -> Als:
    """Multiply one value by a factor; a half-life of 0, which means none, begins at 60 days."""
    if not name.startswith("taste."):
        return als.model_copy(update={name: _rounded(getattr(als, name) * factor)})
    within = name.removeprefix("taste.")
    value = getattr(als.taste, within)
    moved = HALF_LIFE if name == DECAY and not value else _rounded(value * factor)
    return als.model_copy(update={"taste": als.taste.model_copy(update={within: moved})})


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")  # so that up and down again is the same trial


def flat(als: Als) -> dict[str, object]:
    """Give settings as MLflow shows parameters: one level."""
    values = als.model_dump()
    taste = values.pop("taste")
    strength = {name: float(values[name]) for name in STRENGTH}  # 10 and 10.0 are the same trial
    return values | strength | {f"taste.{name}": float(value) for name, value in taste.items()}


def key_of(als: Als) -> str:
    """Name settings in full."""
    return json.dumps(flat(als), sort_keys=True)
