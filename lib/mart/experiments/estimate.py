"""How sure a number of an experiment is, given that the acts of one shopper are not independent.

In: per variant the moments of two numbers a shopper (say clicks and impressions). Out: ratios and differences with intervals
by the delta method (Deng, Knoblich, Lu 2018; arXiv:1803.06336): each shopper is one observation, however much he does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

MISMATCH = 0.001  # p-value below which the shares of the shoppers are no accident
POWER = 0.8
SURE = 0.95
FEW = 100  # shoppers; with fewer the normal approximation calls a row of equal ones a certainty


@dataclass(frozen=True)
class Sample:
    """Means, sample variances and covariance of `y` and `x` over a variant's shoppers; the ratio is that of the sums."""

    shoppers: int
    y: float
    x: float
    yy: float
    xx: float
    yx: float

    @property
    def known(self) -> bool:
        """Tell whether there is a ratio and an error."""
        return self.shoppers > 1 and self.x > 0

    @property
    def few(self) -> bool:
        """Tell whether there are too few shoppers to show anything."""
        return self.shoppers < FEW

    @property
    def ratio(self) -> float:
        return self.y / self.x

    @property
    def variance(self) -> float:
        """Variance of one shopper's part in the ratio, linearised."""
        spread = self.yy - 2 * self.ratio * self.yx + self.ratio**2 * self.xx
        return max(0.0, spread) / self.x**2

    @property
    def error(self) -> float:
        """Standard error of the ratio."""
        return math.sqrt(self.variance / self.shoppers)


@dataclass(frozen=True)
class Estimate:
    """A number with its interval."""

    value: float
    low: float
    high: float

    def excludes(self, value: float = 0) -> bool:
        return self.low > value or self.high < value


def ratio(sample: Sample, sure: float = SURE) -> Estimate | None:
    """Give a ratio with its interval; None where there are not two shoppers, or nothing to divide by."""
    return _around(sample.ratio, sample.error, sure) if sample.known else None


def difference(sample: Sample, control: Sample, sure: float = SURE) -> Estimate | None:
    """Give how much more a variant's ratio is than the control's."""
    if not (sample.known and control.known):
        return None
    return _around(sample.ratio - control.ratio, math.hypot(sample.error, control.error), sure)


def shoppers_needed(control: Sample, effect: float, sure: float = SURE) -> int | None:
    """Tell how many shoppers a variant needs for a difference of `effect` (share of the control's ratio) to be shown in 4 of 5 cases.

    None where the control has done nothing yet. Both variants are taken to spread as the control does.
    """
    if not control.known or not control.ratio:
        return None
    z = _z(sure) + NormalDist().inv_cdf(POWER)
    return max(FEW, math.ceil(2 * control.variance * (z / (effect * control.ratio)) ** 2))


def share_needed(sample: Sample, effect: float) -> int | None:
    """Tell how many shoppers an interleaved experiment needs for a share of clicks off the half by `effect` of it."""
    if not sample.known or not sample.variance:
        return None
    z = _z(SURE) + NormalDist().inv_cdf(POWER)
    return max(FEW, math.ceil(sample.variance * (z / (effect / 2)) ** 2))


def mismatch(observed: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Give the chance (p-value) that shoppers fall so far from the shares by accident.

    Below MISMATCH something loses shoppers of one variant, and no other number can be trusted (Fabijan et al. 2019;
    doi:10.1145/3292500.3330722). Each variant is held against the rest, which of two is one test.
    """
    total, whole = sum(observed.values()), sum(shares.values())
    if not total:
        return 1.0
    tests = len(observed) if len(observed) > 2 else 1
    return min(1.0, tests * min(_chance(count, total, shares[name] / whole) for name, count in observed.items()))


def _chance(count: int, total: int, share: float) -> float:
    """Give the two-sided chance of such a count among so many, by the normal approximation."""
    off = abs(count - total * share) / math.sqrt(total * share * (1 - share))
    return math.erfc(off / math.sqrt(2))


def together(comparisons: int) -> float:
    """Give how sure each of several intervals must be for all of them to be right in 95 of 100 cases (Bonferroni)."""
    return 1 - (1 - SURE) / max(1, comparisons)


def _around(value: float, error: float, sure: float) -> Estimate:
    return Estimate(value, value - _z(sure) * error, value + _z(sure) * error)


def _z(sure: float) -> float:
    return NormalDist().inv_cdf(1 - (1 - sure) / 2)
