"""The gate: what a model must show before it becomes champion; pure arithmetic on what was measured.

In: a contest, in which the challenger's configuration, the champion's and popularity were trained up to the same cut and scored
on the same held-out products, a place in the arrays for each shopper. Out: a verdict, check by check, with its figures.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np

from mart.models.contest import Contest, Flags, Floats
from mart.settings import Gate


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    passed: bool
    said: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a version, and against which champion."""

    checks: tuple[Check, ...]
    champion: str | None
    protocol: str

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """Name the checks that failed."""
        return tuple(check.name for check in self.checks if not check.passed)

    @property
    def word(self) -> str:
        """Say it in a line."""
        return "passed" if self.passed else f"failed: {', '.join(self.failed)}"

    def json(self) -> str:
        """Write it down for the registry."""
        return json.dumps({"passed": self.passed, **asdict(self)}, indent=2)

    @classmethod
    def of(cls, text: str) -> "Verdict":
        """Read what `json` wrote."""
        read = json.loads(text)
        return cls(tuple(Check(**check) for check in read["checks"]), read["champion"], read["protocol"])


def judge(contest: Contest | None, gate: Gate) -> Verdict:
    """Judge a contest; without one nothing was measured, and that is not enough."""
    if contest is None:
        said = "nothing could be held out to measure it: no shopper has two products"
        return Verdict((Check("popularity", False, said, {}),), None, "nothing was held out")
    checks = [_popularity(contest, gate), *_champion(contest, gate), _coverage(contest, gate)]
    groups = list(contest.groups())
    checks += [_segment(contest, _of_several(gate, len(groups)), *group) for group in groups]
    return Verdict((*checks, _time(contest, gate)), contest.champion_version, contest.protocol)


def interval(differences: Floats, confidence: float) -> tuple[float, float, float]:
    """Give the mean of paired differences and the ends of its interval (normal; a point where there is one shopper)."""
    mean = float(differences.mean())
    if len(differences) < 2:
        return mean, mean, mean
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    half = z * float(differences.std(ddof=1)) / float(np.sqrt(len(differences)))
    return mean, mean - half, mean + half


def _popularity(contest: Contest, gate: Gate) -> Check:
    """A list of one's own has to be worth more than the same list for everyone."""
    figures = _compared(contest.challenger.ndcg, contest.popularity.ndcg, "popularity", gate)
    said = f"nDCG@{contest.k} {figures['challenger']:.4f}, popularity {figures['popularity']:.4f}"
    return Check("popularity", figures["difference"] > 0, f"{said}{_range(figures)}", figures)


def _champion(contest: Contest, gate: Gate) -> Iterator[Check]:
    """The champion's configuration, trained on the same rows, must not be better: neither surely nor by much."""
    if contest.champion is None:
        return
    figures = _compared(contest.challenger.ndcg, contest.champion.ndcg, "champion", gate)
    little = figures["difference"] >= -gate.loss * figures["champion"]
    said = f"nDCG@{contest.k} {figures['challenger']:.4f}, configuration of version {contest.champion_version} {figures['champion']:.4f}"
    same = " (the same configuration)" if contest.champion is contest.challenger else _range(figures)
    yield Check("champion", figures["high"] >= 0 and little, said + same, figures)


def _coverage(contest: Contest, gate: Gate) -> Check:
    could = min(1.0, len(contest.challenger.ndcg) * contest.k / contest.products)
    ours = len(contest.challenger.shown) / contest.products
    figures = {"challenger": ours, "least": gate.coverage * could}
    said = f"lists show {ours:.1%} of {contest.products:,} products"
    if contest.champion is not None:
        theirs = len(contest.champion.shown) / contest.products
        figures |= {"champion": theirs, "least": max(figures["least"], (1 - gate.coverage_loss) * theirs)}
        said += f", the champion's {theirs:.1%}"
    return Check("coverage", ours >= figures["least"], f"{said}; at least {figures['least']:.2%}", figures)


def _of_several(gate: Gate, groups: int) -> Gate:
    """Widen the intervals (Bonferroni): of four segments one looks worse by chance more often than the confidence allows."""
    return gate.model_copy(update={"confidence": 1 - (1 - gate.confidence) / max(1, groups)})


def _segment(contest: Contest, gate: Gate, name: str, members: Flags, score: str) -> Check:
    """Nobody may pay for the average: a segment must not be surely and clearly worse off."""
    rival, who = (contest.champion, "champion") if contest.champion else (contest.popularity, "popularity")
    if members.sum() < gate.least_shoppers:
        said = f"not judged: {members.sum():,} shoppers, fewer than {gate.least_shoppers}"
        return Check(f"segment {name}", True, said, {"shoppers": float(members.sum())})
    figures = _compared(getattr(contest.challenger, score)[members], getattr(rival, score)[members], who, gate)
    worse = figures["high"] < 0 and figures["difference"] < -gate.segment_loss * figures[who]
    said = f"nDCG@{contest.k} {figures['challenger']:.4f}, {who} {figures[who]:.4f}{_range(figures)}"
    return Check(f"segment {name}", not worse, said, figures)


def _time(contest: Contest, gate: Gate) -> Check:
    took = contest.challenger.scoring_ms
    if took is None:
        return Check("scoring time", False, "not measured", {})
    said = f"{took:.3g} ms to rank {contest.products:,} products for one shopper; at most {gate.scoring_ms:g}"
    return Check("scoring time", took <= gate.scoring_ms, said, {"milliseconds": took, "most": gate.scoring_ms})


def _compared(ours: Floats, theirs: Floats, who: str, gate: Gate) -> dict[str, float]:
    mean, low, high = interval(ours - theirs, gate.confidence)
    means = {"challenger": float(ours.mean()), who: float(theirs.mean())}
    return means | {"difference": mean, "low": low, "high": high, "shoppers": float(len(ours))}


def _range(figures: Mapping[str, float]) -> str:
    """Say how sure a difference is."""
    ends = f"{figures['low']:+.4f} to {figures['high']:+.4f}"
    return f"; difference {figures['difference']:+.4f} ({ends}, {figures['shoppers']:,.0f} shoppers)"
