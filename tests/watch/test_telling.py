"""Who is told what, once, and again only where the receiver did not take it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mart.edges.alerts import Channel, SlackChannel, channels
from mart.settings import Alerts, Aws, Route, Settings, Watch
from mart.settings.watching import Place
from mart.watch import notices, telling
from mart.watch.alarms import Change, State
from mart.watch.memory import Memory
from mart.watch.notices import Notice
from tests.receivers import OK, slack

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ALL: tuple[Place, ...] = ("slack", "email", "sns")


def raised(name: str, kind: Any = "raised", value: float = 1, **labels: str) -> Change:  # noqa: ANN401 one of three words
    since = NOW - timedelta(minutes=5)
    return Change(kind, State(name, tuple(sorted(labels.items())), "raised", since, NOW, value, NOW))


def told(changes: Sequence[Change], **routes: Route) -> list[Notice]:
    settings = Settings(alerts=Alerts(routes=routes), watch=Watch(runbook="https://wiki.example/runbook.md"))
    return notices.of_alarms(changes, settings, ALL, NOW)


def test_a_message_says_what_since_when_how_bad_and_where_the_runbook_is() -> None:
    [notice] = told([raised("freshness", value=5400, table="serving.sales")], one=Route(to=("slack",)))
    assert notice.title == "freshness (serving.sales)"
    assert notice.severity == "warning"
    assert notice.lines == (
        "serving.sales lacks events that came 90 min ago (budget 15 min); since 2026-11-26 11:55:00 UTC, 5 min",
        "Severity: warning",
        "What to do: https://wiki.example/runbook.md#freshness",
    )


def test_alarms_of_one_name_are_one_message() -> None:
    changes = [raised("freshness", table=f"serving.t{number}") for number in range(25)]
    [notice] = told(changes, one=Route(to=("slack",)))
    assert notice.title == "freshness (serving.t0 and 24 more)"
    assert len([line for line in notice.lines if "lacks events" in line]) == notices.MOST
    assert "and 5 more" in notice.lines


def test_what_is_raised_and_what_is_over_are_told_apart() -> None:
    changes = [
        raised("ledger", table="a"),
        raised("ledger", "cleared", table="b"),
        raised("ledger", "reminded", table="c"),
    ]
    found = {notice.title: notice.severity for notice in told(changes, one=Route(to=("sns",)))}
    assert found == {"ledger (a)": "critical", "over: ledger (b)": "info", "still: ledger (c)": "critical"}


def test_without_routes_every_channel_is_told() -> None:
    assert [notice.channel for notice in told([raised("lag", source="kafka:a", reader="b")])] == list(ALL)


def test_routes_choose_by_name_severity_and_shop() -> None:
    routes = {
        "everything": Route(to=("slack",)),
        "night": Route(severities=("critical",), to=("sns",)),
        "buyers": Route(alerts=("crawl-*", "prices"), shops=("demo-*",), to=("email", "slack")),
    }
    assert [one.channel for one in told([raised("ledger", table="a")], **routes)] == ["slack", "sns"]
    assert [one.channel for one in told([raised("prices", shop="demo-alpha", currency="EUR")], **routes)] == [
        "slack",
        "email",
    ]
    assert [one.channel for one in told([raised("crawl-blocked", shop="email")], **routes)] == ["slack"]


def alert(number: int, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 whatever a row holds
    row = {
        "alert_id": f"a{number}", "kind": "price_drop", "shop": "demo-alpha", "offer_id": str(number), "title": "Lamp",
        "before": Decimal("10.0000"), "after": Decimal("8.0000"), "currency": "EUR", "change": -0.2, "raised_at": NOW,
    }  # fmt: skip
    return row | changed


def test_news_of_the_market_take_the_routes_that_name_them() -> None:
    routes = {
        "buyers": Route(alerts=("market.price_*",), severities=("info",), to=("email",)),
        "rest": Route(to=("slack",)),
    }
    settings = Settings(alerts=Alerts(routes=routes))
    rows = [alert(1), alert(2), alert(3, shop="demo-beta"), alert(4, kind="new_offer", before=None, change=None)]
    found = notices.of_market(rows, settings, ALL, NOW)
    assert [(one.channel, one.title) for one in found] == [
        ("email", "demo-alpha: 2 times price_drop"),
        ("email", "demo-beta: price drop: Lamp"),
    ]
    assert found[0].lines[0] == "Lamp (1): 10.0000 -> 8.0000 EUR -20.0%; seen 2026-11-26 12:00 UTC"
    assert notices.of_market(rows, Settings(), ALL, NOW) == []


def notice(number: int, channel: Place = "slack") -> Notice:
    return Notice(channel, f"id{number}", f"title {number}", (), "warning", NOW)


def test_what_a_receiver_does_not_take_comes_again_later_and_holds_up_no_other_channel() -> None:
    with slack((500, {}, b""), OK) as workspace:
        open_: dict[Place, Channel] = {
            "slack": SlackChannel(workspace.alerts(tries=1)),
            "email": SlackChannel(workspace.alerts(tries=1)),
        }
        left = telling.deliver([notice(1), notice(2), notice(3, "email")], open_, NOW)
        assert [(one.id, one.attempts, one.due_at) for one in left] == [
            ("id1", 1, NOW + timedelta(seconds=30)),
            ("id2", 0, None),  # its channel is left alone this round
        ]
        assert len(workspace.posted) == 2
        assert [one.id for one in telling.deliver(left, open_, NOW + timedelta(seconds=29))] == ["id1"]
        assert telling.deliver(left[:1], open_, NOW + timedelta(seconds=30)) == []
    assert ["title 1" in one["text"] for one in workspace.posted] == [True, False, False, True]


def test_the_waits_double_up_to_an_hour() -> None:
    with slack((500, {}, b"")) as workspace:
        open_: dict[Place, Channel] = {"slack": SlackChannel(workspace.alerts(tries=1))}
        one, waits = notice(1), []
        for _ in range(9):
            [one] = telling.deliver([replace(one, due_at=None)], open_, NOW)
            assert one.due_at is not None
            waits.append((one.due_at - NOW).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_news_of_two_days_ago_is_dropped() -> None:
    with slack((500, {}, b"")) as workspace:
        open_: dict[Place, Channel] = {"slack": SlackChannel(workspace.alerts(tries=1))}
        assert telling.deliver([notice(1)], open_, NOW + telling.TOO_LATE + timedelta(seconds=1)) == []
    assert workspace.posted == []


def test_notices_that_wait_are_counted_and_remembered() -> None:
    waiting = (notice(1), replace(notice(2), due_at=NOW, attempts=2))
    memory = Memory((), waiting, None)
    assert Memory.of(memory.json()) == memory
    [slack_, sns] = telling.waiting(waiting, ("slack", "sns"))
    assert (slack_.value, sns.value) == (2, 0)


def test_a_route_that_leads_nowhere_is_refused_with_what_to_set() -> None:
    alerts = Alerts(routes={"night": Route(to=("sns",))})
    with pytest.raises(telling.NoPlace, match=r"alerts\.routes\.night leads nowhere: set alerts\.sns\.topic_arn"):
        telling.check(alerts, channels(alerts, Aws()))
