"""Pages of products: landed, told and kept like activity, whatever kills the jobs on the way."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from mart.edges import duck, kafka
from mart.settings import Settings
from mart.tables import ALERTS, LANDING_OFFERS, OFFER_STATES, OFFERS, REVIEWS
from mart.verify import ledger
from tests.streams.market import Market, alerts
from tests.streams.running import Home, NotKilled, Point

JOBS = ("streaming/ingest_offers", "streaming/offer_alerts")
PORTION = 60


@pytest.fixture
def shop(settings: Settings, topic: str) -> Home:
    """A home whose topics of offers are new."""
    told = f"{topic}-told"
    kafka.create(settings.kafka.brokers, told, 1)
    topics = settings.kafka.model_copy(update={"product_details": topic, "activity": "activity", "offer_alerts": told})
    return Home(settings.model_copy(update={"kafka": topics}))


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return duck.ask(settings, sql)[1]


def published(settings: Settings) -> list[str]:
    """The ids of the alerts in the topic."""
    topic = settings.kafka.offer_alerts
    (end,) = [end for _, end in kafka.ends(settings.kafka.brokers, topic).values()]
    records = [kafka.record_at(settings.kafka.brokers, topic, 0, offset) for offset in range(end)]
    return [json.loads(record[1] or b"")["alert_id"] for record in records if record]


def assert_all_there(settings: Settings, market: Market) -> None:
    """Every table holds what the sent sightings come to, and the topic each alert once."""
    outcomes = dict(rows(settings, "SELECT outcome, count(*) FROM landing.offers GROUP BY 1"))
    assert outcomes.pop("event", 0) == len(market.good)
    assert outcomes.pop("duplicate", 0) == market.twice
    assert sum(outcomes.values()) == market.bad
    assert rows(settings, "SELECT count(*), count(DISTINCT (shop, offer_id, seen_at)) FROM processed.offers") == [
        (len(market.good), len(market.good))
    ]
    reviews = rows(settings, "SELECT shop, offer_id, review_id, rating FROM processed.reviews")
    assert {(a, b, c): rating for a, b, c, rating in reviews} == market.reviews()
    told = rows(settings, "SELECT kind, shop, offer_id, raised_at FROM serving.alerts")
    assert len(told) == len(set(told))
    assert set(told) == alerts(market.good)
    assert sorted(published(settings)) == sorted(
        row[0] for row in rows(settings, "SELECT alert_id FROM serving.alerts")
    )


def points(home: Home) -> list[Callable[[], Point]]:
    def between(name: str, after: Any, before: Any) -> Callable[[], Point]:  # noqa: ANN401 tables
        return lambda: Point(name, (home.commit(after),), (home.commit(before),))

    return [
        between("between landing and offers", LANDING_OFFERS, OFFERS),
        between("between offers and reviews", OFFERS, REVIEWS),
        between("between alerts and states", ALERTS, OFFER_STATES),
    ]


def strike(home: Home, market: Market, point: Callable[[], Point]) -> None:
    """Kill the jobs at a point; where they were quicker, once more with new records."""
    for _ in range(3):
        market.send(home.settings, PORTION)
        try:
            return home.killed(point(), "run", *JOBS, "--available-now")
        except NotKilled:
            home.jobs(*JOBS).well()
    raise NotKilled("three times too quick")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_offers_reviews_and_alerts_survive_kills_and_are_told_once(shop: Home, spark: SparkSession) -> None:
    market = Market(seed=1)
    market.send(shop.settings, PORTION)
    shop.jobs(*JOBS).well()
    assert_all_there(shop.settings, market)
    for point in points(shop):
        strike(shop, market, point)
    market.send(shop.settings, PORTION)
    shop.jobs(*JOBS).well()
    assert_all_there(shop.settings, market)
    assert [finding for finding in ledger.verify(spark, shop.settings) if finding.off] == []
