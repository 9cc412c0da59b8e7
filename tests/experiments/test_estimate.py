"""Intervals that hold what they promise, on shoppers whose acts depend on one another."""

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from mart.experiments.estimate import MISMATCH, Sample, difference, mismatch, ratio, shoppers_needed, together

TRIALS = 1_000


def sample(random: np.random.Generator, people: int, rate: float) -> Sample:
    """People with a liking of their own, who look now and then or all day."""
    looks = random.geometric(0.05, people)
    clicks = random.binomial(looks, random.beta(4 * rate, 4 * (1 - rate), people))
    return of(clicks, looks)


def of(y: np.ndarray, x: np.ndarray) -> Sample:
    (yy, yx), (_, xx) = np.cov(y, x)
    return Sample(len(y), float(y.mean()), float(x.mean()), float(yy), float(xx), float(yx))


def test_where_there_is_no_difference_19_of_20_intervals_say_so() -> None:
    random = np.random.default_rng(20261126)
    wrong = naive = 0
    for _ in range(TRIALS):
        one, other = sample(random, 400, 0.2), sample(random, 400, 0.2)
        found = difference(one, other)
        assert found is not None
        wrong += found.excludes()
        independent = sum(s.ratio * (1 - s.ratio) / (s.x * s.shoppers) for s in (one, other)) ** 0.5
        naive += abs(found.value) > 1.96 * independent
    assert binomtest(wrong, TRIALS, 0.05).pvalue > 0.001, wrong
    assert naive > 0.3 * TRIALS, "as if impressions were independent, every third would see a difference that is none"


def test_with_as_many_shoppers_as_are_needed_4_of_5_see_the_difference() -> None:
    random = np.random.default_rng(20261127)
    people = shoppers_needed(sample(random, 50_000, 0.2), effect=0.1)
    assert people is not None
    seen = 0
    for _ in range(TRIALS):
        found = difference(sample(random, people, 0.22), sample(random, people, 0.2))
        assert found is not None
        seen += found.excludes()
    assert seen / TRIALS == pytest.approx(0.8, abs=0.06)  # the wider variant spreads a little more


def test_a_number_a_shopper_has_the_interval_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(5, 2, 500)
    found = ratio(of(values, np.ones(500)))
    assert found is not None
    half = 1.959964 * values.std(ddof=1) / 500**0.5
    assert (found.value, found.low, found.high) == pytest.approx(
        (values.mean(), values.mean() - half, values.mean() + half)
    )


def test_nothing_to_divide_by_has_no_ratio() -> None:
    nothing = Sample(3, 0, 0, 0, 0, 0)
    some = Sample(3, 1, 2, 1, 1, 0)
    assert ratio(nothing) is None
    assert ratio(Sample(1, 1, 2, 0, 0, 0)) is None
    assert difference(nothing, some) is None
    assert shoppers_needed(nothing, 0.05) is None


@pytest.mark.parametrize("observed", [(500, 500), (500, 430), (500, 380), (10, 40)])
def test_shares_of_two_variants_are_judged_as_by_chi_square(observed: tuple[int, int]) -> None:
    chance = mismatch(dict(zip("ab", observed, strict=True)), {"a": 0.5, "b": 0.5})
    assert chance == pytest.approx(chisquare(observed).pvalue)


def test_shares_are_those_among_the_shoppers_of_the_experiment() -> None:
    assert mismatch({"a": 100, "b": 200}, {"a": 0.1, "b": 0.2}) == pytest.approx(1)
    assert mismatch({"a": 100, "b": 100, "c": 300}, {"a": 0.1, "b": 0.1, "c": 0.1}) < MISMATCH
    assert mismatch({"a": 0, "b": 0}, {"a": 0.5, "b": 0.5}) == 1


def test_several_comparisons_must_each_be_surer() -> None:
    assert (together(1), together(5)) == pytest.approx((0.95, 0.99))
