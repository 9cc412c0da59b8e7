"""Who sees what: the same today and tomorrow, as often as was asked for, and never two experiments at once."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from mart.experiments import Assignment, ExperimentError, assign, check
from mart.experiments.assignment import began, place, shopper_of
from mart.settings import Experiment

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START + timedelta(days=3)
PEOPLE = [f"user-{number}" for number in range(4_000)]


def experiment(days: float = 7, start: datetime = START, **more: object) -> Experiment:
    said: dict[str, Any] = {
        "variants": {"control": 0.5, "wide": 0.5},
        "start": start,
        "end": start + timedelta(days=days),
    }
    return Experiment(**said | more)


@given(st.text(), st.text("ab-", min_size=1, max_size=9), st.floats(0, 6.9))
def test_a_shopper_sees_the_same_for_as_long_as_it_lasts(shopper: str, name: str, days: float) -> None:
    running = {name: experiment()}
    first = assign(running, shopper, START)
    assert first.variant in (f"{name}:control", f"{name}:wide")
    assert assign(running, shopper, START + timedelta(days=days)) == first
    assert 0 <= place(name, shopper) < 1


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0.02, 0.3), min_size=2, max_size=3),
    st.integers(0, 10**6),
)
def test_each_variant_gets_its_share_of_the_shoppers(shares: dict[str, float], number: int) -> None:
    running = {f"test{number}": experiment(variants=shares)}
    seen = Counter(assign(running, one, NOW).variant for one in PEOPLE)
    for variant, share in [
        *((f"test{number}:{name}", share) for name, share in shares.items()),
        ("-", 1 - sum(shares.values())),
    ]:
        assert binomtest(seen[variant], len(PEOPLE), share).pvalue > 1e-9, (variant, share, seen)


def test_what_one_experiment_draws_says_nothing_about_the_next() -> None:
    one, other = {"one": experiment()}, {"other": experiment()}
    table = Counter((assign(one, p, NOW).variant, assign(other, p, NOW).variant) for p in PEOPLE)
    observed = [[table[f"one:{a}", f"other:{b}"] for b in ("control", "wide")] for a in ("control", "wide")]
    assert chi2_contingency(observed).pvalue > 1e-6


def test_outside_of_its_time_there_is_no_experiment() -> None:
    running = {"rank": experiment(models={"wide": "challenger"})}
    assert assign(running, "u", START - timedelta(microseconds=1)) == Assignment("-", ("champion",))
    assert assign(running, "u", START + timedelta(days=7)) == Assignment()
    assert {assign(running, p, START) for p in PEOPLE[:50]} == {
        Assignment("rank:control", ("champion",)),
        Assignment("rank:wide", ("challenger",)),
    }


def test_who_belongs_to_the_earlier_of_two_that_overlap_never_comes_to_the_later() -> None:
    both = {
        "a-later": experiment(20, START + timedelta(days=1), variants={"x": 0.5, "y": 0.5}),
        "earlier": experiment(7, variants={"control": 0.2, "wide": 0.2}),
    }
    after = START + timedelta(days=8)
    early = {p for p in PEOPLE if assign(both, p, NOW).variant.startswith("earlier:")}
    assert {assign(both, p, after).variant for p in early} == {"-"}, "not even when the earlier one is over"
    rest = Counter(assign(both, p, NOW).variant for p in PEOPLE if p not in early)
    assert rest.keys() == {"a-later:x", "a-later:y"}
    assert binomtest(rest["a-later:x"], rest.total(), 0.5).pvalue > 1e-6
    assert all(assign(both, p, NOW) == assign(both, p, after) for p in PEOPLE if p not in early)


def test_the_order_in_the_file_changes_nobody() -> None:
    one, other = experiment(variants={"a": 0.3, "b": 0.4}), experiment(variants={"b": 0.4, "a": 0.3})
    assert all(assign({"n": one}, p, NOW) == assign({"n": other}, p, NOW) for p in PEOPLE[:500])


def test_an_interleaved_experiment_shows_both_models_to_all_its_shoppers() -> None:
    mixed = {"rank": experiment(interleave=True, models={"wide": "challenger"}, variants={"control": 0.1, "wide": 0.1})}
    seen = Counter(assign(mixed, p, NOW) for p in PEOPLE)
    assert seen.keys() == {Assignment(), Assignment("rank:control~wide", ("champion", "challenger"))}
    assert binomtest(seen[Assignment()], len(PEOPLE), 0.8).pvalue > 1e-6


def test_a_visit_keeps_what_it_was_assigned_before_the_login() -> None:
    assert shopper_of(None, "s", began_unknown=True) == "s"
    assert shopper_of("u", "s", began_unknown=True) == "s"
    assert shopper_of("u", "next", began_unknown=False) == "u"
    assert shopper_of(None, None, began_unknown=False) is None


@pytest.mark.parametrize(
    ("name", "said", "fault"),
    [
        ("a.b", {}, r"experiments\.a\.b: 'a\.b' must be of letters"),
        ("n", {"variants": {"a": 0.5, "b~c": 0.5}}, "'b~c' must be of letters"),
        ("n", {"variants": {"a": 1}}, "at least two variants"),
        ("n", {"variants": {"a": 0.7, "b": 0.4}}, r"sum to 1 at most, not 1\.1"),
        ("n", {"variants": {"a": 0, "b": 0.4}}, "above 0"),
        ("n", {"models": {"other": "7"}}, "models names other, which is no variant"),
        ("n", {"interleave": True, "variants": {"a": 0.1, "b": 0.1, "c": 0.1}}, "two lists are interleaved, not 3"),
        ("n", {"days": -1}, "must end after it starts"),
    ],
)
def test_an_experiment_that_could_not_be_told_apart_or_drawn_is_refused(
    name: str, said: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ExperimentError, match=fault):
        check({name: experiment(**said)})


def test_a_sound_experiment_passes_with_or_without_a_zone() -> None:
    naive = experiment(start=START.replace(tzinfo=None))
    check({"n": naive, "m": experiment(variants={"a": 0.1, "b": 0.1, "c": 0.8})})
    assert assign({"n": naive}, "u", NOW) == assign({"n": experiment()}, "u", NOW)
    elsewhere = experiment(start=START.astimezone(timezone(timedelta(hours=9))))
    assert began(elsewhere).isoformat() == "2026-11-01T00:00:00+00:00"
