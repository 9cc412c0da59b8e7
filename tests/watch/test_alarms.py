"""Alarms are raised and cleared by what is measured, when it lasts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from mart.watch import alarms, data
from mart.watch.alarms import Change, State, evaluate
from mart.watch.memory import Memory
from mart.watch.metric import Sample, worst
from mart.watch.metrics import CRAWL_BLOCKED, FRESHNESS, LAG_SECONDS, LANDED, LEDGER_DIFFERENCE, MODEL_GATE

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
REMIND = timedelta(hours=24)
SALES, FUNNEL = "serving.sales", "serving.funnel"


def stale(seconds: float, table: str = SALES) -> Sample:
    return FRESHNESS.at(seconds, table=table)


class Clock:
    """Looks at samples one after the other, and remembers."""

    def __init__(self, thresholds: Mapping[str, float] | None = None) -> None:
        self.states: list[State] = []
        self._thresholds = thresholds or {}

    def at(self, seconds: float, *samples: Sample) -> list[Change]:
        now = NOON + timedelta(seconds=seconds)
        self.states, changes = evaluate(samples, self.states, now, self._thresholds, REMIND)
        return changes

    def kinds(self, seconds: float, *samples: Sample) -> list[str]:
        return [change.kind for change in self.at(seconds, *samples)]


def test_an_alarm_is_raised_once_it_has_lasted_and_cleared_once_that_has_lasted() -> None:
    clock = Clock()
    assert clock.kinds(0, stale(901)) == []
    assert clock.kinds(59, stale(950)) == []
    [change] = clock.at(60, stale(960))
    assert (change.kind, change.state.since, change.state.value) == ("raised", NOON, 960)
    assert clock.kinds(90, stale(990)) == []
    assert clock.kinds(120, stale(0)) == []
    assert clock.kinds(180, stale(0)) == ["cleared"]
    assert clock.states == []


def test_a_moment_is_no_alarm_and_a_moment_of_rest_does_not_end_one() -> None:
    clock = Clock()
    clock.at(0, stale(901))
    assert clock.kinds(30, stale(1)) == []
    assert clock.kinds(60, stale(901)) == []  # it begins anew
    assert clock.kinds(120, stale(901)) == ["raised"]
    assert clock.kinds(150, stale(1)) == []
    assert clock.kinds(180, stale(901)) == []
    assert clock.kinds(239, stale(1)) == []
    assert clock.kinds(299, stale(1)) == ["cleared"]


def test_what_must_never_be_is_an_alarm_at_once() -> None:
    clock = Clock()
    assert clock.kinds(0, LEDGER_DIFFERENCE.at(1, table="processed.events")) == ["raised"]
    assert clock.kinds(1, LEDGER_DIFFERENCE.at(0, table="processed.events")) == ["cleared"]


def test_each_set_of_labels_is_an_alarm_of_its_own() -> None:
    clock = Clock()
    clock.at(0, stale(901), stale(1, FUNNEL))
    [change] = clock.at(60, stale(901), stale(901, FUNNEL))
    assert dict(change.state.labels) == {"table": SALES}
    assert [dict(one.state.labels)["table"] for one in clock.at(120, stale(901), stale(901, FUNNEL))] == [FUNNEL]


def test_a_shut_gate_is_an_alarm_though_the_figure_is_low() -> None:
    clock = Clock()
    assert clock.kinds(0, MODEL_GATE.at(0)) == ["raised"]
    assert clock.kinds(1, MODEL_GATE.at(1)) == ["cleared"]


def test_the_settings_threshold_counts() -> None:
    clock = Clock({"freshness": 7200})
    clock.at(0, stale(7000))
    assert clock.states == []


def test_an_alarm_that_stays_is_told_again_after_a_day() -> None:
    clock = Clock()
    blocked = CRAWL_BLOCKED.at(1, shop="demo")
    assert clock.kinds(0, blocked) == ["raised"]
    assert clock.kinds(86_399, blocked) == []
    assert clock.kinds(86_400, blocked) == ["reminded"]
    assert clock.kinds(86_500, blocked) == []


def test_what_can_not_be_measured_for_a_while_stays_as_it_was_and_is_forgotten_after_an_hour() -> None:
    clock = Clock()
    clock.at(0, CRAWL_BLOCKED.at(1, shop="demo"))
    assert clock.kinds(3599) == []
    assert len(clock.states) == 1
    assert clock.kinds(3600) == ["cleared"]


def test_a_pending_alarm_that_is_no_longer_measured_is_forgotten_without_a_word() -> None:
    clock = Clock()
    clock.at(0, stale(901))
    assert (clock.kinds(3600), clock.states) == ([], [])


def test_the_memory_is_read_as_it_was_written() -> None:
    clock = Clock()
    clock.at(0, stale(901), CRAWL_BLOCKED.at(1, shop="demo"))
    memory = Memory(tuple(clock.states), (), 7)
    assert Memory.of(memory.json()) == memory


def test_the_worst_of_each_metric_with_an_alarm_stands_for_all() -> None:
    lag = [LAG_SECONDS.at(seconds, source="kafka:activity", reader=name) for name, seconds in (("a", 3), ("b", 400))]
    counts = LANDED.at(9, table="landing.activity", outcome="event")
    assert worst([*lag, counts, MODEL_GATE.at(1)]) == [Sample(LAG_SECONDS, 400)]


def test_a_sample_has_the_labels_that_were_declared() -> None:
    with pytest.raises(ValueError, match="mart_freshness_seconds has the labels table, not shop"):
        FRESHNESS.at(1, shop="x")


def test_a_sentence_says_how_bad_it_is_in_words_of_people() -> None:
    state = State("freshness", (("table", SALES),), "raised", NOON, NOON, 5400)
    assert (
        alarms.sentence(state, {"freshness": 1800}) == "serving.sales lacks events that came 90 min ago (budget 30 min)"
    )


@pytest.mark.parametrize(
    ("value", "past", "found"),
    [
        (100, [100, 100, 100], None),  # too little past
        (100, [98, 100, 102, 104], (100 / 101, 1 / 5.05)),
        (10, [98, 100, 102, 104], (10 / 101, 91 / 5.05)),
        (100, [90, 100, 110, 1_000_000], (100 / 105, 5 / (1.4826 * 10))),  # one outlier widens nothing
        (0, [0, 0, 0, 0], None),
    ],
)
def test_what_is_unusual_is_told_by_median_and_mad(
    value: float, past: list[float], found: tuple[float, float] | None
) -> None:
    told = data.unusual(value, past)
    assert told is None if found is None else told == pytest.approx(found)
