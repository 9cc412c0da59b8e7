"""Each alert is raised by its cause and is over with it, through to a real receiver: a section of docs/runbook.md each.

Those of streams and jobs are in test_streams_watched.py, that of Lambda functions in test_cloudwatch.py.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from mart import crawls
from mart.edges import recording, registry
from mart.edges.outcomes import Outcomes
from mart.gate import Check, Verdict, judge
from mart.local import ports
from mart.settings import Als, Gate, Kafka, Settings
from mart.tables import ALERTS, EVENTS, FUNNEL, OFFERS
from tests.scrapers.crawling import Crawls, Demo
from tests.watch import tables
from tests.watch.watching import RUNBOOK, desk


@pytest.fixture
def yesterday() -> date:
    """The last whole day, asked for by each test: midnight may come while others run."""
    return datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path)


def test_rejects_are_an_alert_until_the_flood_has_passed(settings: Settings) -> None:
    tables.land(settings, 0, 200)
    with desk(settings, "landing") as told:
        assert told.look() == []
        tables.land(settings, 200, 100, "bad_type")
        assert told.look() == ["rejects (landing.activity)"]
        assert "33.3% of what lands in landing.activity is rejected (more than 5.0%)" in told.last()
        assert f"{RUNBOOK}#rejects" in told.last()
        assert told.look(1) == []  # told once
        assert told.look(11) == ["over: rejects (landing.activity)"]


def test_a_ledger_that_somebody_tampered_with_is_an_alert_until_it_is_mended(settings: Settings) -> None:
    stands = tables.land(settings, 0, 10)
    good = tables.append(settings, EVENTS, tables.events(0, 10), ("landing", stands))
    with desk(settings, "ledger") as told:
        assert told.look() == []
        tables.append(settings, EVENTS, tables.events(90, 3))  # written past landing
        assert told.look() == ["ledger (processed.events)"]
        assert "processed.events differs from what has landed by 3 records" in told.last()
        DeltaTable(f"{settings.lake}/{EVENTS.path}").restore(good)
        assert told.look() == ["over: ledger (processed.events)"]


def test_a_day_without_its_purchases_is_an_alert_until_they_have_come(settings: Settings, yesterday: date) -> None:
    served, dice = FUNNEL.at("serving"), random.Random(7)

    def day(on: date, purchases: int) -> None:
        counts = {"views": 9_000 + dice.randrange(500), "cart_adds": 900 + dice.randrange(50), "purchases": purchases}
        tables.append(settings, served, [counts | {"event_day": on, "category": "lamps", "shoppers": 1, "buyers": 1}])

    for week in range(1, 9):
        day(yesterday - timedelta(weeks=week), 300 + dice.randrange(30))
        day(yesterday - timedelta(weeks=week, days=1), 3_000)  # another weekday's shape does not matter
    day(yesterday, 20)
    with desk(settings, "volume") as told:
        assert told.look() == ["volume (purchases)"]
        assert told.values("mart_volume_ratio")["purchases",] < 0.1
        assert told.values("mart_volume_ratio")["views",] == pytest.approx(1, abs=0.06)
        rest = {
            "event_day": yesterday,
            "category": "chairs",
            "views": 0,
            "cart_adds": 0,
            "purchases": 290,
            "shoppers": 1,
            "buyers": 1,
        }
        tables.append(settings, served, [rest])
        assert told.look() == ["over: volume (purchases)"]


def test_prices_without_their_decimal_point_are_an_alert_until_they_are_read_right(
    settings: Settings, yesterday: date
) -> None:
    def crawl(on: date, factor: int, first: int = 0) -> None:
        at = datetime(on.year, on.month, on.day, 3, tzinfo=UTC)
        rows = [
            {"shop": "demo-alpha", "offer_id": str(one), "seen_at": at + timedelta(seconds=first + one), "url": "u", "price": factor * (20 + one),
             "currency": "EUR", "seen_day": on} for one in range(20)
        ]  # fmt: skip
        tables.append(settings, OFFERS, rows)

    for week in range(1, 7):
        crawl(yesterday - timedelta(weeks=week), 1)
    crawl(yesterday, 100)
    with desk(settings, "prices") as told:
        assert told.look() == ["prices (EUR, demo-alpha)"]
        assert told.values("mart_price_ratio")["EUR", "demo-alpha"] == pytest.approx(100)
        for first in (100, 200):
            crawl(yesterday, 1, first)  # the page object was corrected, and the shop was crawled again
        assert told.look() == ["over: prices (EUR, demo-alpha)"]


def test_a_gate_that_is_shut_is_an_alert_until_a_model_passes(settings: Settings) -> None:
    now = datetime.now(UTC)

    def record(verdict: Verdict) -> str:
        tags = registry.lineage(Als(), now, 1, 1, "test") | {registry.VERDICT: verdict.word}
        return recording.register(settings, lambda: None, 1, {}, {"ndcg_at_10": 0.2}, tags)

    with desk(settings, "registry") as told:
        assert told.look() == []
        registry.release(settings, record(Verdict((Check("popularity", True, "", {}),), None, "")), registry.CHAMPION)
        assert told.look() == []
        assert told.values("mart_model_quality") == {("champion", "ndcg_at_10"): 0.2}
        record(judge(None, Gate()))  # nothing could be held out to measure it
        assert told.look() == ["model-gate (mart)"]
        record(Verdict((Check("popularity", True, "", {}),), "1", ""))
        assert told.look() == ["over: model-gate (mart)"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo.start(tmp_path)
    yield demo
    demo.child.terminate()
    demo.child.wait()


def test_a_shop_that_asks_for_a_human_is_an_alert_until_it_lets_us_in(
    demo: Demo, settings: Settings, tmp_path: Path
) -> None:
    settings.home.joinpath("crawls").mkdir()
    outcomes, name = Outcomes(crawls.folder(settings)), "demo-alpha"
    Crawls(settings.home, [f"{demo.url}/alpha/"]).words()  # writes the settings of the shop
    crawling = crawls.Crawls(["--settings", str(settings.home / "settings.toml"), "--home", str(settings.home)])

    def crawl() -> None:
        outcomes.note(name, crawling.run(name).document())  # as `mart schedule` does

    with desk(settings, "crawls") as told:
        demo.mischief("/alpha/p/", "bot_check")
        crawl()
        assert told.look() == ["crawl-blocked (demo-alpha)"]
        demo.mischief("/alpha/p/", "none")
        crawl()
        assert told.look() == ["over: crawl-blocked (demo-alpha)"]
        assert told.values("mart_crawl_succeeded") == {("demo-alpha",): 1}


def test_a_part_that_can_not_be_looked_at_is_an_alert_until_it_can(settings: Settings) -> None:
    nobody = settings.model_copy(update={"kafka": Kafka(brokers=f"127.0.0.1:{ports.free(settings.home)}")})
    with desk(nobody, "kafka", "landing") as told:
        assert told.look() == []
        assert told.look(2.1) == ["unwatched (kafka)"]
        assert told.values("mart_unwatched") == {("kafka",): 1, ("landing",): 0, ("market",): 0, ("memory",): 0}
    with desk(settings, "kafka", "landing") as told:  # the settings were corrected
        assert told.look(2.2) == []
        assert told.look(4.4) == ["over: unwatched (kafka)"]


def test_news_of_the_market_are_told_once_through_the_same_routes(settings: Settings) -> None:
    now = datetime.now(UTC)
    row = {
        "kind": "price_drop",
        "shop": "demo-alpha",
        "offer_id": "1",
        "title": "Lamp",
        "raised_at": now,
        "change": -0.2,
        "currency": "EUR",
    }
    tables.append(settings, ALERTS, [row | {"alert_id": "before"}])
    with desk(settings) as told:
        assert told.look() == []  # what was raised before anybody watched is no news
        tables.append(settings, ALERTS, [row | {"alert_id": "a", "before": 10, "after": 8}])
        tables.append(settings, ALERTS, [row | {"alert_id": "b", "kind": "new_offer"}])
        assert sorted(told.look()) == ["demo-alpha: new offer: Lamp", "demo-alpha: price drop: Lamp"]
        assert told.look() == []


def test_what_was_not_taken_is_told_by_whoever_watches_next(settings: Settings) -> None:
    tables.land(settings, 0, 200, "bad_type")
    with desk(settings, "landing") as first:
        first.workspace.server.shutdown()
        first.workspace.server.server_close()  # Slack is away
        assert first.look() == []
        assert first.look() == []
    with desk(settings, "landing") as second:
        assert second.look(0.4) == []  # not yet
        assert second.values("mart_notices_waiting") == {("slack",): 1}
        assert second.look(0.6) == ["rejects (landing.activity)"]
        assert second.look(0.7) == []
