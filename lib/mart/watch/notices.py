"""Notices: what changed becomes messages, one for each alarm and channel, through the routes of the settings.

In: changes of alarms, and rows of serving.alerts. Out: notices, each for one channel, whose ids stay the same when they are sent
again. Pure: telling.py delivers them.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from mart.edges.alerts import Message, Severity
from mart.settings import Alerts, Route, Settings, Watch
from mart.settings.watching import Place
from mart.watch.alarms import Change, duration, sentence
from mart.watch.metrics import ALARMS

MARKET = "market"  # the name of an alert of the market begins with it
MOST = 20  # lines of one message

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True)
class Notice:
    """A message on its way to one channel."""

    channel: Place
    id: str
    title: str
    lines: tuple[str, ...]
    severity: Severity
    made_at: datetime
    attempts: int = 0
    due_at: datetime | None = None  # not before; None: at once

    @property
    def message(self) -> Message:
        return Message(self.id, self.title, self.lines, self.severity)


def of_alarms(changes: Sequence[Change], settings: Settings, open_: Iterable[Place], now: datetime) -> list[Notice]:
    """Tell what became of alarms: those of one name that go the same way to one channel are one message."""
    notices = list[Notice]()
    routes = _routes(settings.alerts, open_)
    for (channel, name, kind), group in _grouped(changes, lambda one: _places(one, routes)).items():
        title, severity = _title(kind, name, group), ALARMS[name][1].severity
        lines = [*(_line(one, settings.watch, now) for one in group[:MOST]), *_more(len(group))]
        lines += [f"Severity: {severity}", f"What to do: {settings.watch.runbook}#{name}"]
        first = group[0].state
        identity = f"{name}/{kind}/{_place(group)}/{(first.told_at or now) if kind == 'reminded' else first.since:%Y%m%dT%H%M%S}"
        tone: Severity = "info" if kind == "cleared" else severity
        notices.append(Notice(channel, identity, title, tuple(lines), tone, now))
    return notices


def of_market(
    alerts: Sequence[Mapping[str, Any]], settings: Settings, open_: Iterable[Place], now: datetime
) -> list[Notice]:
    """Tell what changed on the market: alerts of one kind and shop are one message. In: rows of serving.alerts."""
    routes = _routes(settings.alerts, open_)

    def places(alert: Mapping[str, Any]) -> list[tuple[Place, str, str]]:
        fitting = _fitting(routes, f"{MARKET}.{alert['kind']}", "info", alert["shop"])
        return [(channel, alert["kind"], alert["shop"]) for channel in fitting]

    notices = list[Notice]()
    for (channel, kind, shop), group in _grouped(alerts, places).items():
        title = f"{kind.replace('_', ' ')}: {group[0]['title']}" if len(group) == 1 else f"{len(group)} times {kind}"
        lines = [*(_offer(one) for one in group[:MOST]), *_more(len(group))]
        lines.append(f"What to do: {settings.watch.runbook}#{MARKET}")
        newest = max(one["alert_id"] for one in group)
        notices.append(Notice(channel, f"{MARKET}/{kind}/{newest}", f"{shop}: {title}", tuple(lines), "info", now))
    return notices


def _routes(alerts: Alerts, open_: Iterable[Place]) -> list[Route]:
    """Give the settings' routes; without any, one that leads everywhere."""
    return list(alerts.routes.values()) or [Route(to=tuple(open_))]


def _fitting(routes: Iterable[Route], name: str, severity: str, shop: str | None) -> list[Place]:
    """Name the channels of every route that fits, each once."""
    found = dict[Place, None]()
    for one in routes:
        if _any(one.alerts, name) and severity in one.severities and (shop is None or _any(one.shops, shop)):
            found.update(dict.fromkeys(one.to))
    return list(found)


def _any(patterns: Iterable[str], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _places(change: Change, routes: Iterable[Route]) -> list[tuple[Place, str, str]]:
    name = change.state.alarm
    fitting = _fitting(routes, name, ALARMS[name][1].severity, dict(change.state.labels).get("shop"))
    return [(channel, name, change.kind) for channel in fitting]


def _grouped(things: Iterable[T], places: Callable[[T], Iterable[K]]) -> dict[K, list[T]]:
    found = defaultdict[K, list[T]](list)
    for thing in things:
        for place in places(thing):
            found[place].append(thing)
    return found


def _title(kind: str, name: str, group: Sequence[Change]) -> str:
    words = {"raised": "", "cleared": "over: ", "reminded": "still: "}
    return f"{words[kind]}{name} ({_place(group)})"


def _place(group: Sequence[Change]) -> str:
    """Say what it is about: its labels, or how many."""
    labels = ", ".join(value for _, value in group[0].state.labels)
    return labels or "mart" if len(group) == 1 else f"{labels} and {len(group) - 1} more"


def _line(change: Change, watch: Watch, now: datetime) -> str:
    state = change.state
    since = f"since {state.since:%Y-%m-%d %H:%M:%S} UTC, {duration((now - state.since).total_seconds())}"
    what = sentence(state, watch.thresholds)
    if change.kind == "cleared":
        labels = ", ".join(value for _, value in state.labels) or "all of it"
        return f"{labels} is as it should be again; it was not {since}"
    return f"{what}; {since}"


def _more(number: int) -> list[str]:
    return [f"and {number - MOST:,} more"] if number > MOST else []


def _offer(alert: Mapping[str, Any]) -> str:
    before, after = alert["before"], alert["after"]
    change = f"{alert['change']:+.1%}" if alert["change"] is not None else ""
    price = " ".join(str(part) for part in (before, "->", after, alert["currency"], change) if part not in (None, ""))
    return f"{alert['title']} ({alert['offer_id']}): {price}; seen {alert['raised_at']:%Y-%m-%d %H:%M} UTC"
