"""The lambda law: whatever comes when, and whoever runs before whom, every answer equals a recompute of the events.

Records go through Ingest itself, in random portions with late, repeated and broken ones among them; batch, speed and
serving advance in a random order between them. A failing seed is in the test's name.
"""

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FrameType
from zlib import crc32

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.delivery import layers
from mart.delivery.follow import Speed, catch_up, refold
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Activity, Arrived
from mart.delivery.live import Live
from mart.edges import changefeed, delta, lake, upkeep
from mart.edges.changefeed import FeedGone
from mart.edges.delta import Standing
from mart.replay.generate import Plan, history
from mart.replay.stream import Shares
from mart.schema import Table
from mart.settings import Settings
from mart.tables import (
    ENRICHED_EVENTS,
    EVENTS,
    FOLDABLE,
    INTERACTIONS,
    LANDING_ACTIVITY,
    POPULARITY,
    RECOMMENDATION_FEEDBACK,
)
from mart.verify import law, ledger

ULID = "01JDQ8GZ5Y0000000000000000"
ARRIVED = datetime(2026, 11, 21, tzinfo=UTC)
COLUMNS = (
    "source string, partition string, offset string, key binary, payload binary, sequence string, arrived_at timestamp"
)


class Shop:
    """A lake that records come to, from any number of partitions, in the order of the test."""

    def __init__(self, spark: SparkSession, home: Path, seed: int, events: int, *tables: Table) -> None:
        shares = Shares(bad=0.05, late=0.3, duplicates=0.2)
        plan = Plan(shoppers=15, products=8, events=events, days=2, seed=seed, shares=shares)
        history(plan, home / "shop", None, Settings.read(home=home))
        self.left = list(map(answering, (home / "shop" / "activity.jsonl").read_bytes().split(b"\n")[:-1]))
        self.spark, self.settings, self.tables = spark, Settings.read(home=home), tables or FOLDABLE
        self.ingest = Ingest(Activity(spark, self.settings))
        self._next: dict[str, int] = {}
        self._batches = 0

    def arrive(self, count: int, partition: str = "0") -> Arrived | None:
        """Let the next records arrive as one micro-batch."""
        taken, self.left = self.left[:count], self.left[count:]
        return self.land(taken, partition)

    def land(self, records: Iterable[bytes], partition: str) -> Arrived | None:
        begin = self._next.get(partition, 0)
        rows = [
            ("test", partition, f"{begin + n:020}", None, record, None, ARRIVED) for n, record in enumerate(records)
        ]
        self._next[partition] = begin + len(rows)
        self._batches += 1
        return self.ingest(self.ingest.parse(self.spark.createDataFrame(rows, COLUMNS)), self._batches)

    def advance_speed(self) -> None:
        speed = Speed(self.spark, self.settings, self.tables)
        catch_up(self.spark, self.settings, speed.stands, speed.advance)

    def refresh(self, *tables: Table, full: bool = False) -> None:
        for table in tables or self.tables:
            layers.refresh(self.spark, self.settings, table, full)

    def materialise(self, *tables: Table) -> None:
        for table in tables or self.tables:
            layers.materialise(self.spark, self.settings, table)

    def off(self) -> list[str]:
        """Say what breaks the law or the ledger."""
        findings = [*law.verify(self.spark, self.settings), *ledger.verify(self.spark, self.settings)]
        return [f"{finding.subject}: {finding.detail}" for finding in findings if finding.off]

    def rows(self, table: Table, layer: str) -> list[str]:
        frame = lake.read(self.spark, self.settings, table.at(layer)).select(*table.comparable)
        return sorted(map(str, frame.collect()))

    def standing(self, table: Table, layer: str) -> Standing:
        found = delta.standing(self.settings, table.at(layer))
        assert found is not None
        return found


def answering(record: bytes) -> bytes:
    """Let every third record answer a list of recommendations, and some views be impressions and clicks; a copy does the same."""
    chance = crc32(record)
    if chance % 3:
        return record
    kind = (b"impression", b"click", b"view", b"view")[chance % 4]
    answer = f'"recommendation_id":"{7 + chance % 2}~9.e:a~b.{ULID}","properties":{{"position":"{chance % 5}",'
    return record.replace(b'"view"', b'"' + kind + b'"').replace(b'"properties":{', answer.encode())


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 12))])
def test_the_law_holds_over_random_portions_and_orders(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    """At the end incremental equals full as well, at an unchanged horizon."""
    shop, choose = Shop(spark, tmp_path, seed, 400), random.Random(seed)
    some = shop.left[:40]
    steps: list[Callable[[], object]] = [
        lambda: shop.arrive(choose.randint(1, 80), choose.choice("01")),
        lambda: shop.land(choose.sample(some, 10), "again"),
        shop.advance_speed,
        lambda: shop.refresh(*choose.sample(FOLDABLE, 2)),
        lambda: shop.materialise(*choose.sample(FOLDABLE, 2)),
    ]
    for step in [steps[0], steps[3], *choose.choices(steps, weights=[4, 1, 3, 2, 3], k=9)]:
        step()
    shop.arrive(len(shop.left))
    shop.advance_speed()
    shop.materialise()
    assert shop.off() == []
    assert len(shop.rows(RECOMMENDATION_FEEDBACK, "serving")) > 5
    newest = lake.version(shop.settings, EVENTS)
    assert [shop.standing(table, "serving").frontier for table in FOLDABLE] == [newest] * len(FOLDABLE)

    shop.refresh()
    incremental = {table.name: shop.rows(table, "batch") for table in FOLDABLE}
    before = [shop.standing(table, "batch") for table in FOLDABLE]
    shop.refresh(full=True)
    assert {table.name: shop.rows(table, "batch") for table in FOLDABLE} == incremental
    assert {table.name: shop.rows(table, "serving") for table in FOLDABLE} == incremental
    after = [shop.standing(table, "batch") for table in FOLDABLE]
    assert [(at.version + 1, at.frontier) for at in before] == [(at.version, at.frontier) for at in after]


def test_an_answer_pins_speed_before_batch(spark: SparkSession, tmp_path: Path) -> None:
    """Between the two pins a batch run commits and drops the rows of speed that it has taken in."""
    shop = Shop(spark, tmp_path, 4, 150, INTERACTIONS)
    shop.arrive(80)
    shop.refresh()
    shop.arrive(80)
    shop.advance_speed()

    def overtake() -> None:
        shop.refresh()
        upkeep.drop_buckets(shop.settings, INTERACTIONS.at("speed"), below=1)

    with once_after(delta.standing.__code__, overtake) as happened:
        rows, stands = layers.answer(spark, shop.settings, INTERACTIONS)
    assert happened == [True]
    assert stands == lake.version(shop.settings, EVENTS)
    shown = sorted(map(str, rows.select(*INTERACTIONS.comparable).collect()))
    assert shown == shop.rows(INTERACTIONS, "batch")


def test_live_keeps_the_law_beside_merge_and_batch(spark: SparkSession, tmp_path: Path) -> None:
    """Live and serving/merge write the same serving tables; whoever is quicker, nothing counts twice."""
    shop = Shop(spark, tmp_path, 5, 400)
    shop.arrive(80)  # while nobody was looking
    live = Live(spark, shop.settings)
    live.catch_up()
    live.advance(arrived(shop.arrive(80)))
    pinned = shop.standing(POPULARITY, "serving")

    now = arrived(shop.arrive(80))
    events = now.events.withColumn("_commit_version", F.lit(now.version))
    frozen: dict[str, DataFrame] = {}
    live.speed.advance(events, now.version, lambda table, rows: frozen.update({table.name: rows}))
    shop.materialise()  # serving/merge comes between live's two writes
    stands = shop.standing(POPULARITY, "serving")
    assert stands.frontier == now.version
    refold(spark, shop.settings, POPULARITY.at("serving"), pinned, frozen["popularity"], now.version)  # read before
    assert shop.standing(POPULARITY, "serving") == stands
    live.advance(now)  # and after

    shop.refresh()
    live.advance(arrived(shop.arrive(80)))
    assert shop.off() == []


@pytest.mark.soak
def test_a_reader_that_comes_too_late_is_told_so_and_goes_on_with_full(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path, 7, 200, POPULARITY)
    shop.arrive(60)
    shop.refresh()
    shop.advance_speed()
    shop.arrive(60)
    shop.arrive(60)
    forget_changes(spark, shop.settings, EVENTS)
    for late in (shop.refresh, shop.advance_speed):
        with pytest.raises(FeedGone, match=r"processed\.events: the changes of versions 2 to \d are no .*--full"):
            late()
    shop.refresh(full=True)
    shop.arrive(20)
    shop.advance_speed()
    shop.materialise()
    assert shop.off() == []


def test_landing_that_lost_its_changes_is_to_be_restored(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path, 7, 40, POPULARITY)
    shop.arrive(20)
    shop.arrive(20)
    forget_changes(spark, shop.settings, LANDING_ACTIVITY)
    feed = changefeed.added(spark, shop.settings, LANDING_ACTIVITY, 0, 2)
    with pytest.raises(FeedGone, match=r"versions 1 to 2 .* from a backup"), changefeed.kept(LANDING_ACTIVITY, 0, 2):
        feed.collect()


@pytest.mark.soak
def test_enriched_events_lose_nothing_to_changes_that_are_gone(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path, 7, 250, INTERACTIONS)
    added = dict.fromkeys(keys(arrived(shop.arrive(60)).events), 1)
    enrich(shop)
    added |= dict.fromkeys(keys(arrived(shop.arrive(60)).events), 2)
    added |= dict.fromkeys(keys(arrived(shop.arrive(60)).events), 3)
    shop.refresh()  # the batch layer is ahead: no history at version 1 can be had from it
    forget_changes(spark, shop.settings, EVENTS)
    with pytest.raises(FeedGone, match=r"versions 2 to \d .* streaming/enrich takes in what it lacks"):
        enrich(shop)
    enrich(shop, full=True)
    newest = arrived(shop.arrive(30))
    added |= dict.fromkeys(keys(newest.events), newest.version)
    enrich(shop)
    made = lake.read(spark, shop.settings, ENRICHED_EVENTS).collect()
    assert sorted((row["event_id"], row["event_at"]) for row in made) == sorted(added)
    assert {row["history_version"] for row in made} == {0, 1, 3}
    for row in made:
        assert row["history_version"] < added[row["event_id"], row["event_at"]]
        before = [one for one in made if added[one["event_id"], one["event_at"]] <= row["history_version"]]
        views = [one for one in before if one["event_type"] == "view" and one["product_id"] == row["product_id"]]
        theirs = [one for one in views if row["user_id"] and one["user_id"] == row["user_id"]]
        assert row["prior_views"] == len(theirs), row


def enrich(shop: Shop, full: bool = False) -> None:
    options = job.Options(available_now=True, full=full)
    stream = job.load("streaming/enrich")(shop.spark, shop.settings, options)
    assert stream
    while not stream.wait(1):
        pass


def keys(events: DataFrame) -> list[tuple[str, datetime]]:
    return [(row["event_id"], row["event_at"]) for row in events.select(*EVENTS.key).collect()]


def forget_changes(spark: SparkSession, settings: Settings, table: Table) -> None:
    """Let the retention pass: what is no longer part of the newest version goes."""
    upkeep.compact(spark, settings, table)
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        spark.sql(f"VACUUM delta.`{lake.path(settings, table)}` RETAIN 0 HOURS")
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")


def arrived(some: Arrived | None) -> Arrived:
    assert some is not None
    return some


@contextmanager
def once_after(code: CodeType, do: Callable[[], object]) -> Iterator[list[bool]]:
    """Do something when a function returns for the first time: an interleaving, without a switch in the code."""
    happened: list[bool] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code and not happened:
            happened.append(True)
            sys.setprofile(None)
            do()

    sys.setprofile(watch)
    try:
        yield happened
    finally:
        sys.setprofile(None)


@pytest.mark.soak
def test_a_follower_goes_on_from_its_table_though_its_checkpoint_knows_only_a_micro_batch_never_committed(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path, 7, 60, POPULARITY)
    for portions in (1, 3):
        for _ in range(portions):
            shop.arrive(15)
        follower = job.load("streaming/speed_views")(spark, shop.settings, job.Options(available_now=True))
        assert follower is not None
        while not follower.wait(1):
            pass
        for entry in Path(shop.settings.checkpoints, "speed_views", "commits").glob("*"):
            entry.unlink()
    assert shop.off() == []
    assert shop.standing(POPULARITY, "speed").frontier == lake.version(shop.settings, EVENTS)
