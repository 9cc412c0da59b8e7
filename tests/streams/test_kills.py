"""Killed at every point, then started again: nothing is lost and nothing comes twice.

One home goes through a chain of faults, because a start of Java costs more than all the work: each kill meets new records
and the leftovers of the one before. Each fault is shown to have happened: the file that the next step writes is not there.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from pyspark.sql import SparkSession

from mart.delivery import fold_in
from mart.delivery.follow import UPSTREAM
from mart.delivery.live import MATERIALISED
from mart.edges import delta, inbox, lake, registry
from mart.schema import Table
from mart.settings import Settings
from mart.tables import (
    CATALOGUE,
    ENRICHED_EVENTS,
    EVENTS,
    FOLDABLE,
    ITEM_FACTORS,
    LANDING_ACTIVITY,
    PRODUCTS,
    RECOMMENDATION_FEEDBACK,
    RECOMMENDATIONS,
    USER_FACTORS,
)
from mart.tables.recommendations import FRESH_USER_FACTORS
from tests.streams.running import Condition, Home, NotKilled, Point
from tests.streams.truth import Source, assert_enriched, assert_exact, assert_served, assert_verified

INGEST, LIVE = ("streaming/ingest_activity",), ("streaming/live",)
PIPELINE = (*INGEST, "streaming/speed_views", "streaming/enrich", "batch/views", "serving/merge")
MODEL = ("batch/products", "batch/train_als", "serving/recommendations")
SPEED = tuple(table.at("speed") for table in FOLDABLE)
# A serving table without new rows stays where it is, and the generator's shoppers answer no lists.
SERVING = tuple(table.at("serving") for table in MATERIALISED if table != RECOMMENDATION_FEEDBACK)
PORTION = 110  # records between two faults; enough for a row in every table
TRIES = 3  # on a busy machine a step can be over before we have seen it

Damage = Callable[[Home, str], None]

# What ingest's checkpoint loses: the newest entry of these kinds, or all of it.
LOSSES: dict[str, tuple[str, ...]] = {
    "newest entry of commits gone": ("commits",),
    "newest entries of commits and offsets gone": ("commits", "offsets"),
    "whole checkpoint gone": (),
}


def query(home: Home) -> str:
    stream = home.settings.kinesis.activity
    return f"activity_kinesis_{stream}" if stream else f"activity_kafka_{home.settings.kafka.activity}"


def between(name: str, home: Home, after: tuple[Table, ...], before: tuple[Table, ...]) -> Point:
    """The point at which the next commits of some tables are there, and not yet all those of others."""
    return Point(name, tuple(map(home.commit, after)), tuple(map(home.commit, before)))


def among(name: str, home: Home, tables: tuple[Table, ...]) -> Point:
    """The point at which some of the tables that are written side by side have their next commit, and not yet all."""
    commits = tuple(map(home.commit, tables))
    return Point(name, (some(commits),), commits)


@dataclass(frozen=True)
class Coming:
    """What the next micro-batch will write; a start first catches up with what the kill before has left undone."""

    home: Home
    landed: Condition
    events: Condition
    speed: tuple[Condition, ...]
    serving: tuple[Condition, ...]

    @classmethod
    def at(cls, home: Home) -> "Coming":
        landing, events = (delta.standing(home.settings, table, "landing") for table in (LANDING_ACTIVITY, EVENTS))
        assert landing
        assert events
        undone = (events.frontier or 0) < landing.version
        version = events.version + 1 + undone
        speed, serving = (tuple(home.follows(table, version) for table in tables) for tables in (SPEED, SERVING))
        return cls(home, home.commit(LANDING_ACTIVITY), home.commit(EVENTS, 1 + undone), speed, serving)

    @property
    def started(self) -> Condition:
        return self.home.entry(query(self.home), "offsets")

    @property
    def ended(self) -> Condition:
        return self.home.entry(query(self.home), "commits")


def some(conditions: tuple[Condition, ...]) -> Condition:
    return lambda: any(condition() for condition in conditions)


def coming(home: Home, point: Callable[[Coming], Point]) -> Callable[[], Point]:
    """A point of the micro-batch that comes next when the point is asked for."""
    return lambda: point(Coming.at(home))


def ingest_points(home: Home) -> Iterator[Callable[[], Point]]:
    yield coming(home, lambda it: Point("after read", (it.started,), (it.landed,)))
    yield coming(home, lambda it: Point("between landing and events", (it.landed,), (it.events,)))
    yield coming(home, lambda it: Point("after the last write", (it.events,), (it.ended,)))


def live_points(home: Home) -> Iterator[Callable[[], Point]]:
    """Tables of speed and serving are written side by side: some of them are there, and not yet all."""
    yield coming(home, lambda it: Point("after read", (it.started,), (it.landed,)))
    yield coming(home, lambda it: Point("between landing and events", (it.landed,), (it.events,)))
    yield coming(home, lambda it: Point("between events and speed", (it.events,), it.speed))
    yield coming(home, lambda it: Point("between speed and serving", (it.events, some(it.speed)), it.serving))
    yield coming(home, lambda it: Point("between two serving tables", (it.events, some(it.serving)), it.serving))
    yield coming(home, lambda it: Point("after the last write", (it.events, *it.speed, *it.serving), (it.ended,)))


def pipeline_points(home: Home) -> Iterator[Callable[[], Point]]:
    """Jobs one after the other in one application; batch writes table after table, speed and serving side by side."""
    batch = [table.at("batch") for table in FOLDABLE]
    yield lambda: among("speed_views: between its tables", home, SPEED)
    yield lambda: between("speed_views: after the last write", home, SPEED, (ENRICHED_EVENTS,))
    yield lambda: between("enrich: after the write", home, (ENRICHED_EVENTS,), (batch[0],))
    yield lambda: between("batch/views: between its tables", home, (batch[0],), (batch[1],))
    yield lambda: among("serving/merge: between its tables", home, tuple(table.at("serving") for table in FOLDABLE))


def model_points(home: Home) -> Iterator[Callable[[], Point]]:
    yield lambda: between("products: after the write", home, (PRODUCTS,), (USER_FACTORS,))
    yield lambda: between("train_als: between its tables", home, (USER_FACTORS,), (ITEM_FACTORS,))
    yield lambda: between("train_als: after the last write", home, (ITEM_FACTORS,), (RECOMMENDATIONS,))


def survive(
    home: Home,
    source: Source,
    jobs: tuple[str, ...],
    points: Iterator[Callable[[], Point]],
    damage: Damage = lambda home, point: None,
) -> None:
    """Kill the jobs at each point, new records coming every time, then let them end in peace."""
    for point in points:
        damage(home, strike(home, source, jobs, point))
    source.send(home.settings, source.rest())
    home.jobs(*jobs).well()
    assert_exact(source, home.settings)


def strike(home: Home, source: Source, jobs: tuple[str, ...], point: Callable[[], Point]) -> str:
    """Kill the jobs at a point, and say which.

    What was quicker than we looked was killed elsewhere: once it has caught up, it is struck again. So is a micro-batch that
    the kill before left half done: Spark begins with that one, and it is past some points already.
    """
    for attempt in range(TRIES):
        source.send(home.settings, PORTION)
        at = point()
        try:
            home.killed(at, "run", *jobs, "--available-now")
        except NotKilled:
            if attempt == TRIES - 1:
                raise
            home.jobs(*jobs).well()
        else:
            break
    return at.name


def each_damage(source: Source) -> Damage:
    """Take more out of ingest's checkpoint after each kill, and send some records again."""
    gone = iter(LOSSES.values())

    def do(home: Home, point: str) -> None:
        kinds = next(gone)
        # There may be no commits yet: the kill came before the first.
        assert lose(home, source, kinds)

    return do


def lose(home: Home, source: Source, kinds: Sequence[str]) -> list[str]:
    """Take entries of these kinds, or everything, out of ingest's checkpoint, and send some records again."""
    lost = home.forget(query(home), *kinds) if kinds else home.forget_all(query(home))
    source.again(home.settings, 20, to="inbox" if kinds else "kafka")
    return lost


@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", ["disk", pytest.param("s3", marks=pytest.mark.soak)])
def test_ingest_survives_kills_and_the_loss_of_its_checkpoint(at_home: Home, spark: SparkSession) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=700, seed=1)
    source.send(settings, PORTION)
    at_home.jobs(*INGEST).well()
    survive(at_home, source, INGEST, ingest_points(at_home), each_damage(source))
    assert_verified(spark, settings)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ingest_from_kinesis_survives_kills_and_the_loss_of_its_checkpoint(
    flowing: Settings, spark: SparkSession
) -> None:
    home, source = Home(flowing), Source.make(flowing.home / "shop", events=700, seed=1)
    source.send(flowing, PORTION)
    home.jobs(*INGEST).well()
    survive(home, source, INGEST, ingest_points(home), each_damage(source))
    assert_verified(spark, flowing)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ingest_survives_the_loss_of_its_checkpoint_in_peace(at_home: Home, spark: SparkSession) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=500, seed=1)
    source.send(settings, PORTION)
    at_home.jobs(*INGEST).well()
    for name, kinds in LOSSES.items():
        source.send(settings, PORTION)
        assert lose(at_home, source, kinds) == (list(kinds) or ["everything"]), name
        assert at_home.jobs(*INGEST).code == 0, name
        assert_exact(source, settings)
    assert_verified(spark, settings)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("place", ["disk", "s3"])
def test_live_survives_kills(at_home: Home, spark: SparkSession) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=1000, seed=2)
    lake.ensure(spark, settings, LANDING_ACTIVITY, EVENTS, *SPEED, *SERVING)
    survive(at_home, source, LIVE, live_points(at_home))
    assert_served(source, settings, tables=MATERIALISED)
    assert_verified(spark, settings)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_speed_enrich_batch_and_serving_survive_kills_and_a_second_run_adds_nothing(
    at_home: Home, spark: SparkSession
) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=1000, seed=3)
    lake.ensure(spark, settings, *CATALOGUE)
    survive(at_home, source, PIPELINE, pipeline_points(at_home))
    for layer in ("batch", "serving"):
        assert_served(source, settings, layer)
    assert_enriched(settings)
    assert_verified(spark, settings)

    before = {table.full_name: delta.standing(settings, table) for table in CATALOGUE}
    at_home.jobs(*PIPELINE).well()
    assert {table.full_name: delta.standing(settings, table) for table in CATALOGUE} == before


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_catalogue_model_and_lists_survive_kills(at_home: Home, spark: SparkSession) -> None:
    """A model that is not whole is never served, and what the lists say is that of an undisturbed run."""
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=700, seed=4)
    lake.ensure(spark, settings, *CATALOGUE)
    source.send(settings, source.rest())
    products = (source.folder / "products.jsonl").read_bytes().splitlines()
    inbox.write(settings, "products", "catalogue", products)
    at_home.jobs(*INGEST, "batch/views").well()
    for point in model_points(at_home):
        at_home.killed(point(), "run", *MODEL)
        at_home.jobs("serving/recommendations").well()
        assert_lists_are_of_the_champion(spark, at_home)
    at_home.jobs(*MODEL).well()
    assert lake.read(spark, settings, PRODUCTS).count() == len(products)
    after = assert_lists_are_of_the_champion(spark, at_home)

    at_home.jobs(*MODEL).well()
    assert assert_lists_are_of_the_champion(spark, at_home) == after


def fold_in_points(home: Home) -> Iterator[Callable[[], Point]]:
    users, items, lists = fold_in.TABLES
    yield lambda: between("between shoppers and products", home, (users,), (items,))
    yield lambda: between("between products and lists", home, (items,), (lists,))
    yield lambda: Point("after the last write", (home.commit(lists),), (home.entry("fold_in", "commits"),))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_fold_in_survives_kills(at_home: Home, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between its writes it places everybody once for a version, just where an undisturbed run does."""
    # Products stay where they are: else a shopper's place would depend on the micro-batches before.
    monkeypatch.setenv("MART_FOLD_IN__MOST_SHOPPERS", "0")
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=1_000, seed=6)
    lake.ensure(spark, settings, *CATALOGUE)
    source.send(settings, 500)
    inbox.write(settings, "products", "catalogue", (source.folder / "products.jsonl").read_bytes().splitlines())
    at_home.jobs(*INGEST, "batch/views", *MODEL).well()
    (version,) = (one.version for one in registry.versions(settings))
    registry.release(settings, version, registry.CHAMPION)  # whatever the gate says of so few shoppers
    at_home.jobs("serving/recommendations").well()
    for point in fold_in_points(at_home):
        source.send(settings, PORTION)
        at_home.jobs(*INGEST, "streaming/speed_views").well()
        at_home.killed(point(), "run", "streaming/fold_in", "--available-now")
    at_home.jobs("streaming/fold_in").well()

    chained = placed(spark, settings)
    assert chained
    events = delta.standing(settings, EVENTS)
    assert events
    for table in fold_in.TABLES:
        assert lake.frontier(settings, table, UPSTREAM) == events.version
        rows = lake.read(spark, settings, table)
        assert rows.count() == rows.select(*table.key).distinct().count()
        at_home.remove(table.path)
    at_home.forget_all("fold_in")
    at_home.jobs("streaming/fold_in").well()
    undisturbed = placed(spark, settings)
    assert chained.keys() == undisturbed.keys()
    assert all(chained[user] == pytest.approx(undisturbed[user], abs=1e-5) for user in chained)


def placed(spark: SparkSession, settings: Settings) -> dict[str, list[float]]:
    """Give the newest place of every shopper who was folded in."""
    rows = lake.read(spark, settings, FRESH_USER_FACTORS).orderBy("made_from_version").collect()
    return {row["user_id"]: row["factors"] for row in rows}


def assert_lists_are_of_the_champion(spark: SparkSession, home: Home) -> set[tuple[object, ...]]:
    """Every shopper whom the released model knows has a list of it; before there is one, only everybody's is there."""
    champion = registry.released(home.settings)
    version = champion.version if champion else None
    lists = lake.read(spark, home.settings, RECOMMENDATIONS).collect()
    assert {row["model_version"] for row in lists} - {None} == ({version} - {None})
    known = lake.read(spark, home.settings, USER_FACTORS).where(f"model_version = '{version}'")
    assert {row["user_id"] for row in lists if row["model_version"]} == {row["user_id"] for row in known.collect()}
    return {(row["user_id"], row["rank"], row["product_id"]) for row in lists}


def any_damage(seed: int) -> Damage:
    """Take something out of every checkpoint after every kill."""
    choose = random.Random(seed)

    def do(home: Home, point: str) -> None:
        for name in (query(home), "speed_views", "enrich"):
            kinds = choose.choice([(), ("commits",), ("commits", "offsets"), None])
            if kinds != () and home.newest(name, "offsets") >= 0:
                lost = home.forget_all(name) if kinds is None else home.forget(name, *kinds)
                print(f"seed {seed}, {point}: {name} loses {lost}")

    return do


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("jobs", [INGEST, LIVE, PIPELINE], ids=["ingest", "live", "pipeline"])
def test_kills_and_damaged_checkpoints_together(
    at_home: Home, spark: SparkSession, jobs: tuple[str, ...], seed: int
) -> None:
    settings = at_home.settings
    points = {INGEST: ingest_points, LIVE: live_points, PIPELINE: pipeline_points}[jobs]
    rounds = {INGEST: 3, LIVE: 2, PIPELINE: 2}[jobs]
    source = Source.make(settings.home / "shop", events=400 + PORTION * 6 * rounds, seed=100 + seed)
    lake.ensure(spark, settings, *CATALOGUE)
    chain = [point for _ in range(rounds) for point in points(at_home)]
    random.Random(seed).shuffle(chain)
    survive(at_home, source, jobs, iter(chain), any_damage(seed))
    assert_verified(spark, settings)
    if jobs == PIPELINE:
        assert_served(source, settings)
        assert_enriched(settings)
