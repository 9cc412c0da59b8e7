"""Alarms: raised and cleared by one pure function over samples, what was known before, and an instant.

An alarm must be bad for as long as it says before it is raised, and good for as long before it is cleared; so a value that goes
to and fro makes one alarm. What is no longer measured (a shop that is crawled no more) is forgotten after an hour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from mart.watch.metric import Alarm, Labels, Sample
from mart.watch.metrics import ALARMS

Phase = Literal["pending", "raised", "clearing"]
Kind = Literal["raised", "cleared", "reminded"]
Key = tuple[str, Labels]

GONE = timedelta(hours=1)


@dataclass(frozen=True)
class State:
    """An alarm that is not at rest."""

    alarm: str
    labels: Labels
    phase: Phase
    since: datetime  # when it began to be bad
    seen_at: datetime  # when it was measured last
    value: float
    told_at: datetime | None = None  # when a person was last told of it
    good_since: datetime | None = None

    @property
    def key(self) -> Key:
        return self.alarm, self.labels

    @property
    def is_raised(self) -> bool:
        return self.phase != "pending"


@dataclass(frozen=True)
class Change:
    """What a person is to be told of an alarm."""

    kind: Kind
    state: State


def threshold(alarm: Alarm, thresholds: Mapping[str, float]) -> float:
    """Give the settings' threshold of an alarm, else the declared one."""
    return thresholds.get(alarm.name, alarm.threshold)


def evaluate(
    samples: Iterable[Sample],
    known: Iterable[State],
    now: datetime,
    thresholds: Mapping[str, float],
    remind: timedelta,
) -> tuple[list[State], list[Change]]:
    """Take every alarm on by one look. Returns those that are not at rest now, and what is to be told."""
    before = {state.key: state for state in known}
    measured = {(s.metric.alarm.name, s.labels): s for s in samples if s.metric.alarm}
    after, changes = list[State](), list[Change]()
    for key in before.keys() | measured.keys():
        state = before.get(key)
        if key in measured:
            state, kind = _look(state, measured[key], now, thresholds)
        else:
            state, kind = _miss(state, now)
        if state and not kind and _is_due(state, now, remind):
            kind = "reminded"
        if state and kind:
            state = replace(state, told_at=now)
            changes.append(Change(kind, state))
        if state and kind != "cleared":
            after.append(state)
    return sorted(after, key=lambda one: one.key), sorted(changes, key=lambda one: one.state.key)


def _look(
    state: State | None, sample: Sample, now: datetime, thresholds: Mapping[str, float]
) -> tuple[State | None, Kind | None]:
    alarm = sample.metric.alarm
    assert alarm
    if alarm.is_bad(sample.value, threshold(alarm, thresholds)):
        state = state or State(alarm.name, sample.labels, "pending", now, now, sample.value)
        return _bad(replace(state, seen_at=now, value=sample.value), alarm, now)
    if state is None or not state.is_raised:
        return None, None
    return _good(replace(state, seen_at=now, value=sample.value), alarm, now)


def _bad(state: State, alarm: Alarm, now: datetime) -> tuple[State, Kind | None]:
    if state.is_raised:
        return replace(state, phase="raised", good_since=None), None
    if now - state.since >= timedelta(seconds=alarm.seconds):
        return replace(state, phase="raised"), "raised"
    return state, None


def _good(state: State, alarm: Alarm, now: datetime) -> tuple[State, Kind | None]:
    good_since = state.good_since or now
    state = replace(state, phase="clearing", good_since=good_since)
    return state, "cleared" if now - good_since >= timedelta(seconds=alarm.seconds) else None


def _miss(state: State | None, now: datetime) -> tuple[State | None, Kind | None]:
    """Keep what could not be measured this time as it was; what has not been for an hour is over."""
    if state is None or now - state.seen_at < GONE:
        return state, None
    return (state, "cleared") if state.is_raised else (None, None)


def _is_due(state: State, now: datetime, remind: timedelta) -> bool:
    return state.phase == "raised" and state.told_at is not None and now - state.told_at >= remind


def sentence(state: State, thresholds: Mapping[str, float]) -> str:
    """Say what is the matter, in words of the alarm's declaration."""
    metric, alarm = ALARMS[state.alarm]
    words = {"value": figure(state.value, metric.unit), "threshold": figure(threshold(alarm, thresholds), metric.unit)}
    return alarm.says.format(**words, **dict(state.labels))


def figure(value: float, unit: str) -> str:
    """Write a number with its unit, as a person says it."""
    if unit == "seconds":
        return duration(value)
    if unit == "share":
        return f"{value:.1%}"
    digits = f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    return digits + ("" if unit == "1" else f" {unit}")


def duration(seconds: float) -> str:
    """Write how long something lasts, in the unit that makes it a small number."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
