"""The gate is arithmetic: each check opens and shuts where it should, and what it found can be written down and read."""

from dataclasses import replace

import numpy as np
import pytest

from mart.gate import Verdict, interval, judge
from mart.models.contest import Contest, Scored
from mart.settings import Gate

SHOPPERS, PRODUCTS = 400, 1000
GATE = Gate()


def scored(mean: float, seed: int, shown: int = 300, scoring_ms: float = 2.0) -> Scored:
    """A rival whose nDCG lies around a mean, and half of whose shoppers wanted a tail product."""
    ndcg = np.random.default_rng(seed).normal(mean, 0.05, SHOPPERS)
    tail = np.where(np.arange(SHOPPERS) % 2, ndcg / 2, np.nan)
    places = np.arange(shown, 0, -1.0)
    return Scored(ndcg, ndcg, ndcg / 2, tail, places, head_share=0.5, scoring_ms=scoring_ms)


def contest(**changed: object) -> Contest:
    """A challenger that is better than popularity and about as good as the champion."""
    known = np.arange(SHOPPERS)
    whole = Contest(
        protocol="Held out: some.",
        k=10,
        products=PRODUCTS,
        segments={"new shoppers": known < 10, "light shoppers": (known >= 10) & (known < 200), "heavy shoppers": known >= 200},
        challenger=scored(0.3, 1),
        popularity=scored(0.2, 2, shown=15),
        champion=scored(0.3, 3),
        champion_version="4",
    )  # fmt: skip
    return replace(whole, **changed)


def test_a_model_as_good_as_the_champion_and_better_than_popularity_passes() -> None:
    verdict = judge(contest(), GATE)
    assert verdict.passed, verdict.word
    assert verdict.champion == "4"
    names = [check.name for check in verdict.checks]
    segments = [f"segment {name}" for name in ("new shoppers", "light shoppers", "heavy shoppers", "tail products")]
    assert names == ["popularity", "champion", "coverage", *segments, "scoring time"]


def test_the_first_model_meets_popularity_alone() -> None:
    verdict = judge(contest(champion=None, champion_version=None), GATE)
    assert verdict.passed
    assert "champion" not in [check.name for check in verdict.checks]
    assert not judge(contest(champion=None, champion_version=None, challenger=scored(0.15, 1)), GATE).passed


def test_no_better_than_popularity_is_not_enough() -> None:
    same = scored(0.2, 2)
    assert judge(contest(challenger=same, popularity=same, champion=same), GATE).failed == ("popularity",)


def test_a_loss_that_is_sure_shuts_the_gate_however_small() -> None:
    ours = contest().challenger
    champion = replace(ours, ndcg=ours.ndcg + 0.003)
    verdict = judge(contest(champion=champion), GATE)
    assert verdict.failed == ("champion",), "1 % worse, for every single shopper"
    figures = next(check.figures for check in verdict.checks if check.name == "champion")
    assert figures["difference"] == pytest.approx(-0.003)
    assert figures["high"] < 0


def test_a_great_loss_shuts_the_gate_even_where_too_few_shoppers_make_it_sure() -> None:
    few = np.array([0.1, 0.9, 0.1, 0.9])
    ours = Scored(few, few, few, few, np.ones(300), 0.5, 1.0)
    theirs = replace(ours, ndcg=few[::-1] + 0.1)
    verdict = judge(
        contest(challenger=ours, champion=theirs, popularity=replace(ours, ndcg=few / 2), segments={}), GATE
    )
    figures = next(check.figures for check in verdict.checks if check.name == "champion")
    assert figures["high"] > 0
    assert verdict.failed == ("champion",)


def test_a_gain_on_average_does_not_pay_for_a_segment() -> None:
    ours = contest().challenger
    ndcg = ours.ndcg + 0.2
    ndcg[10:200] -= 0.25
    verdict = judge(contest(challenger=replace(ours, ndcg=ndcg), champion=ours), GATE)
    assert verdict.failed == ("segment light shoppers",)


def test_tail_products_are_a_segment() -> None:
    ours = contest().challenger
    verdict = judge(contest(challenger=replace(ours, tail=ours.tail * 0.8), champion=ours), GATE)
    assert verdict.failed == ("segment tail products",)


def test_a_segment_of_a_few_shoppers_is_not_judged_and_that_is_said() -> None:
    ours = contest().challenger
    ndcg = ours.ndcg.copy()
    ndcg[:10] = 0
    verdict = judge(contest(challenger=replace(ours, ndcg=ndcg), champion=ours), Gate(loss=0.5, confidence=0.999))
    (new,) = [check for check in verdict.checks if check.name == "segment new shoppers"]
    assert new.passed
    assert new.said == "not judged: 10 shoppers, fewer than 30"


@pytest.mark.parametrize(
    ("shown", "champion", "passes"), [(9, 9, False), (10, 10, True), (200, 300, False), (230, 300, True)]
)
def test_coverage_has_a_floor_and_must_not_fall_far_below_the_champions(
    shown: int, champion: int, passes: bool
) -> None:
    rivals = {"challenger": scored(0.3, 1, shown=shown), "champion": scored(0.3, 3, shown=champion)}
    assert ("coverage" not in judge(contest(**rivals), GATE).failed) is passes


def test_the_floor_of_coverage_is_what_so_few_lists_could_show() -> None:
    rivals = {"challenger": scored(0.3, 1, shown=41), "champion": None}
    assert judge(contest(**rivals, products=400_000), GATE).passed, (
        "400 lists of 10 show 4,000 products at most: 1 % are 40"
    )
    assert not judge(contest(**rivals, products=400_000), Gate(coverage=0.02)).passed


def test_a_model_that_takes_too_long_is_refused_and_so_is_one_that_was_not_timed() -> None:
    assert judge(contest(challenger=scored(0.3, 1, scoring_ms=101)), GATE).failed == ("scoring time",)
    assert judge(contest(challenger=replace(scored(0.3, 1), scoring_ms=None)), GATE).failed == ("scoring time",)


def test_what_was_not_measured_does_not_pass() -> None:
    verdict = judge(None, GATE)
    assert verdict.failed == ("popularity",)
    assert "no shopper has two products" in verdict.checks[0].said


def test_a_verdict_can_be_written_down_and_read() -> None:
    verdict = judge(contest(challenger=scored(0.1, 1)), GATE)
    assert Verdict.of(verdict.json()) == verdict
    assert verdict.word.startswith("failed: popularity, champion")


def test_the_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = [low <= 0.1 <= high for _, low, high in (interval(rng.normal(0.1, 1, 50), 0.9) for _ in range(2000))]
    assert 0.87 < np.mean(held) < 0.92
    assert interval(np.array([0.5]), 0.95) == (0.5, 0.5, 0.5)
