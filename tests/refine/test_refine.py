"""Refine: whatever comes when, and wherever it is killed, the final tables are those of all sightings, each once."""

import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from mart.edges import duck, snowflake
from mart.refine import claim, market, warehouse
from mart.refine.run import Refined, refine
from mart.settings import Settings
from mart.tables.market import (
    CURRENT_OFFERS,
    ENRICHED_OFFERS,
    MARKET,
    PRICE_HISTORY,
    PRODUCTS_SOLD,
)
from mart.tables.staged import (
    MART_METADATA,
    MART_PRICES,
    MART_PRODUCTS,
    MART_REVIEWS,
    PRODUCT_DETAILS,
)
from mart.verify.warehouse import verify_final
from tests.refine.staging import Seen, history, stage
from tests.streams.running import Home, NotKilled, Point


@pytest.fixture
def settings(snowflake_up: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A new lake, and a Snowflake without offers."""
    ours = snowflake_up.model_copy(update={"lake": str(tmp_path / "lake")})
    with snowflake.connect(ours) as session:
        for table in (PRODUCT_DETAILS, MART_PRODUCTS, MART_PRICES, MART_REVIEWS, MART_METADATA):
            session.rows(f"DROP TABLE IF EXISTS {table.full_name}")
    return ours


def lake(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return duck.ask(settings, sql)[1]


def there(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with snowflake.connect(settings) as session:
        return session.rows(sql)


def assert_history(settings: Settings, seen: list[Seen]) -> None:
    """Both price histories are the truth's, and agree."""
    columns = "shop, offer_id, changed_at, price, currency, in_stock"
    expected = {(*key, *state) for key, state in history(seen).items()}
    assert set(lake(settings, f"SELECT {columns} FROM serving.price_history")) == expected
    found = {
        (a, b, at.replace(tzinfo=UTC), *rest)
        for a, b, at, *rest in there(settings, f"SELECT {columns} FROM mart.prices")
    }
    assert found == expected
    assert there(settings, f"SELECT COUNT(*) FROM {PRODUCT_DETAILS.full_name}") == [(0,)]
    said = [(finding.subject, finding.off) for finding in verify_final(settings)]
    assert said == [("mart.prices", False), ("mart.products", False)]


def random_sightings(seed: int, count: int) -> list[Seen]:
    """Few offers, few prices, odd order, some twice."""
    dice = random.Random(seed)
    seen = [
        Seen(dice.choice("ab"), dice.choice("123"), dice.randrange(40) / 4, dice.choice(["10", "11", None]), in_stock=dice.choice([True, False, None]))
        for _ in range(count)
    ]  # fmt: skip
    once = {(one.shop, one.offer, one.day): one for one in seen}
    rest = list(once.values())
    dice.shuffle(rest)
    return rest


def test_one_run_makes_the_final_tables(spark: SparkSession, settings: Settings) -> None:
    good = {
        "review_id": "r1",
        "rating": 5,
        "title": "Great",
        "body": "I love it",
        "reviewed_at": "2026-10-01T00:00:00Z",
    }
    seen = [
        Seen("a", "1", 0, "10", gtin="4006381333931", title="Stabilo Boss  green", reviews=(good,)),
        Seen("b", "x", 0.1, "9", gtin="04006381333931", title="STABILO Boss marker"),
        Seen("a", "1", 1, "10", gtin="4006381333931"),
        Seen("a", "1", 2, "8", gtin="4006381333931"),
    ]
    stage(settings, seen)
    assert refine(spark, settings) == Refined(4, 2, 1)
    assert_history(settings, seen)
    assert lake(settings, "SELECT shop, offer_id, price, title FROM serving.current_offers ORDER BY 1") == [
        ("a", "1", Decimal(8), "Thing 1 of a"),
        ("b", "x", Decimal(9), "STABILO Boss marker"),
    ]
    market = lake(
        settings, "SELECT title, offers, cheapest_shop, cheapest_price, median_price, spread FROM serving.market"
    )
    assert market == [("Stabilo Boss green", 2, "a", Decimal(8), Decimal("8.5"), 0.125)]
    (review,) = there(
        settings, "SELECT shop, offer_id, review_id, rating, sentiment > 0.5, product_key IS NOT NULL FROM mart.reviews"
    )
    assert review == ("a", "1", "r1", 5.0, True, True)
    assert there(settings, "SELECT title, gtin, shops FROM mart.products") == [
        ("Stabilo Boss green", "04006381333931", 2)
    ]
    assert there(settings, "SELECT COUNT(*) FROM mart.metadata") == [(4,)]


def test_a_run_with_nothing_staged_changes_nothing(spark: SparkSession, settings: Settings) -> None:
    assert refine(spark, settings) == Refined()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 6))])
def test_whatever_the_order_and_the_portions_history_is_that_of_all_sightings(
    spark: SparkSession, settings: Settings, seed: int
) -> None:
    seen, place = random_sightings(seed, 40), 0
    for portion in (seen[:15], seen[15:18], seen[10:]):  # some come twice
        place = stage(settings, portion, place)
        refine(spark, settings)
    assert_history(settings, seen)
    newest = {(s.shop, s.offer): s for s in sorted(seen, key=lambda s: s.at)}
    rows = lake(settings, "SELECT shop, offer_id, seen_at, price, in_stock FROM serving.current_offers")
    assert {(a, b): rest for a, b, *rest in rows} == {k: [s.at, s.state[0], s.in_stock] for k, s in newest.items()}


@pytest.mark.soak
def test_a_run_killed_in_snowflake_leaves_nothing_half_done(spark: SparkSession, settings: Settings) -> None:
    """The kill comes before each statement of the transaction; the lake is ahead then, and the next run makes them equal."""
    first = random_sightings(3, 12)
    place = stage(settings, first)
    refine(spark, settings)
    before = there(settings, "SELECT * FROM mart.prices ORDER BY shop, offer_id, changed_at")
    second = [replace(one, day=one.day + 10.01) for one in first]
    place = stage(settings, second, place)
    staged = there(settings, f"SELECT COUNT(*) FROM {PRODUCT_DETAILS.full_name}")
    with snowflake.connect(settings) as session:
        claimed = claim.claim(settings, session)
    assert claimed
    made = market.advance(spark, settings, claimed.frame(spark))
    sent = warehouse.pack(settings, made)
    for point in ("COPY", "BEGIN", "DELETE", "MERGE", "COMMIT"):
        _killed(settings, sent, claimed.rows, partial(snowflake.connect, observe=partial(_die_before, point)))
        assert there(settings, "SELECT * FROM mart.prices ORDER BY shop, offer_id, changed_at") == before
        assert there(settings, f"SELECT COUNT(*) FROM {PRODUCT_DETAILS.full_name}") == staged
        assert not [finding for finding in verify_final(settings) if finding.off], "staged rows say why they differ"
    third = [replace(one, day=one.day + 20.01) for one in first[:3]]
    stage(settings, third, place)
    refine(spark, settings)
    assert_history(settings, first + second + third)


def _killed(*settling: object) -> None:
    """Settle in a child process, which is killed in doing so."""
    child = multiprocessing.get_context("spawn").Process(target=_settle, args=settling)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def _settle(settings: Settings, *settling: Any) -> None:  # noqa: ANN401
    """Settle as the job does: patiently, for the lock of the child that was killed before us."""
    snowflake.insist(settings, lambda: warehouse.settle(settings, *settling))


def _die_before(point: str, statement: str) -> None:
    if statement.startswith(point):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_run_killed_between_its_writes_to_the_lake_is_done_again(settings: Settings, tmp_path: Path) -> None:
    shutil.copy(settings.home / "services.toml", tmp_path)
    home = Home(settings.model_copy(update={"home": tmp_path}))
    seen, place = random_sightings(4, 12), 0
    place = stage(settings, seen)
    home.run("run", "batch/refine_offers").well()
    for number, (after, before) in enumerate(
        pairwise((ENRICHED_OFFERS, PRICE_HISTORY, PRODUCTS_SOLD, MARKET, CURRENT_OFFERS)), 1
    ):
        more = [replace(one, day=one.day + 10 * number + 0.01 * (n % 3)) for n, one in enumerate(seen[:12])]
        more += [Seen("c", str(number), number)]  # one that nobody has seen before
        place = stage(settings, more, place)
        seen += more
        point = Point(f"between {after.name} and {before.name}", (home.commit(after),), (home.commit(before),))
        with suppress(NotKilled):  # it was quicker than we looked; the others are killed
            home.killed(point, "run", "batch/refine_offers")
    home.run("run", "batch/refine_offers").well()
    assert_history(settings, seen)
    keys = lake(
        settings,
        "SELECT count(*), count(DISTINCT product_key) FROM (SELECT DISTINCT shop, offer_id, product_key FROM processed.enriched_offers)",
    )
    assert keys == lake(settings, "SELECT count(*), count(DISTINCT product_key) FROM serving.current_offers")
