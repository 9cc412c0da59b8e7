"""The whole lake in a bucket: jobs, readers without Spark, upkeep; the tests go on from one another."""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart import job, publish, requeue
from mart.api.loader import Loader
from mart.delivery import housekeeping
from mart.edges import commits, delta, duck, inbox, lake, manifests, registry
from mart.edges.registry import CHAMPION
from mart.settings import Als, Settings
from mart.tables import (
    CURRENT_RECOMMENDATIONS,
    ENRICHED_EVENTS,
    EVENTS,
    FOLDABLE,
    LANDING_ACTIVITY,
    POPULARITY,
    RECOMMENDATIONS,
    SALES,
    SERVED,
)
from mart.verify import warehouse
from mart.watch import memory
from tests import bucket
from tests.streams.truth import Source, assert_enriched, assert_exact, assert_served, assert_verified, landed
from tests.watch.watching import desk

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600), pytest.mark.xdist_group("lake in S3")]

HISTORY = ("streaming/ingest_activity", "batch/products", "batch/views", "batch/train_als")
NEWS = ("streaming/ingest_activity", "streaming/speed_views", "streaming/enrich", "streaming/fold_in")
WATCHED = ("landing", "ledger", "freshness", "jobs", "registry", "volume", "prices", "drift")
ANSWERS = ("serving/merge", "serving/recommendations")


@dataclass(frozen=True)
class Shop:
    """A shop whose lake is in S3."""

    spark: SparkSession
    settings: Settings
    source: Source

    def run(self, jobs: Sequence[str]) -> None:
        for name in jobs:
            stream = job.load(name)(self.spark, self.settings, job.Options(available_now=True))
            while stream and not stream.wait(1):
                pass


@pytest.fixture(scope="module")
def shop(spark: SparkSession, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Some history, of which a model is made, then news that come as files as well."""
    there = Settings.read(home=tmp_path_factory.mktemp("shop"))
    there = there.model_copy(update={"als": Als(rank=8, iterations=5)})
    with bucket.moved(there, home) as settings:
        source = Source.make(settings.home / "made", events=600, seed=21)
        one = Shop(bucket.reaching(spark, settings), settings, source)
        inbox.write(settings, "products", "all", (source.folder / "products.jsonl").read_bytes().splitlines())
        source.send(settings, 400, to="inbox")
        one.run(HISTORY)
        for known in registry.versions(settings):
            registry.release(settings, known.version, CHAMPION)  # whatever the gate says of so few shoppers
        source.send(settings, source.rest(), to="inbox")
        one.run((*NEWS, *ANSWERS))
        yield one


def test_what_was_sent_is_there_once_and_every_layer_shows_it(shop: Shop) -> None:
    assert_exact(shop.source, shop.settings)
    assert_served(shop.source, shop.settings)
    assert_enriched(shop.settings)


def test_ledger_law_and_protocol_hold(shop: Shop) -> None:
    assert_verified(shop.spark, shop.settings)


def test_nothing_of_the_lake_lies_on_the_disk(shop: Shop) -> None:
    assert not (shop.settings.home / "lake").exists()
    assert not Path("s3a:").exists()


def test_duckdb_asks_the_bucket(shop: Shop) -> None:
    _, rows = duck.ask(shop.settings, "SELECT outcome, count(*) FROM landing.activity GROUP BY 1")
    assert dict(rows) == shop.source.outcomes()


def test_lists_of_a_model_and_of_fold_in_are_there(shop: Shop) -> None:
    lists = lake.read(shop.spark, shop.settings, RECOMMENDATIONS)
    assert lists.where("model_version IS NOT NULL").count() > 0
    _, [(listed,)] = duck.ask(shop.settings, f"SELECT count(DISTINCT user_id) FROM {CURRENT_RECOMMENDATIONS.full_name}")
    assert listed >= lists.select("user_id").distinct().count() > 1


def test_the_http_service_loads_its_snapshot_from_the_bucket(shop: Shop) -> None:
    snapshot = Loader(shop.settings).load()
    assert snapshot.base.version == lake.version(shop.settings, EVENTS)
    assert snapshot.base.products > 10
    assert snapshot.models.keys() == {CHAMPION}


def test_a_watch_sees_what_jobs_have_done_and_the_next_one_goes_on_from_its_memory(shop: Shop) -> None:
    sent = shop.source.outcomes()
    share = sum(number for outcome, number in sent.items() if outcome not in ("event", "duplicate")) / sum(
        sent.values()
    )
    with desk(shop.settings, *WATCHED) as one:
        assert one.look(minutes=-9) == ["rejects (landing.activity)"]  # so all has landed in the last ten minutes
        assert {outcome: number for (outcome, _), number in one.values("mart_landed_records").items()} == sent
        assert one.values("mart_reject_share") == {("landing.activity",): pytest.approx(share)}
        assert one.values("mart_ledger_difference_records") == {("processed.events",): 0}
        assert one.values("mart_freshness_seconds") == {(table.at("serving").full_name,): 0 for table in FOLDABLE}
        assert (CHAMPION,) in one.values("mart_model_age_seconds")
        assert set(one.values("mart_unwatched").values()) == {0}
    with desk(shop.settings, *WATCHED) as other:
        assert other.look(minutes=-8) == []
        assert memory.load(shop.settings).raised == other.seen[-1].raised
        assert [state.since for state in other.seen[-1].raised] == [one.seen[-1].at]


def test_manifests_name_objects_that_are_there(shop: Shop) -> None:
    made = manifests.write(shop.settings, SALES.at("serving"))
    assert made.written == len(made.folders) > 0
    assert manifests.write(shop.settings, SALES.at("serving")).written == 0


def test_what_is_served_goes_to_snowflake(shop: Shop, snowflake_up: Settings) -> None:
    at = snowflake_up.snowflake.model_copy(update={"schema_name": f"T_{uuid.uuid4().hex}"})
    settings = shop.settings.model_copy(update={"snowflake": at})
    assert all(delivery.whole for delivery in publish.publish(shop.spark, settings, SERVED) if delivery.staged)
    assert [finding for finding in warehouse.verify(settings, SERVED) if finding.off] == []


def test_rejects_are_queued_once_and_land_again(shop: Shop) -> None:
    rejects = sum(number for outcome, number in landed(shop.settings).items() if outcome not in ("event", "duplicate"))
    assert requeue.requeue(shop.settings) == rejects > 0
    assert requeue.requeue(shop.settings) == 0
    before = sum(landed(shop.settings).values())
    shop.run(NEWS[:1])
    assert sum(landed(shop.settings).values()) == before + rejects
    assert_verified(shop.spark, shop.settings)


def test_small_files_are_joined_and_no_row_changes(shop: Shop) -> None:
    def files() -> int:
        opened = [delta.open_table(shop.settings, table.path) for table in (LANDING_ACTIVITY, EVENTS, ENRICHED_EVENTS)]
        return sum(len(one.file_uris()) for one in opened if one)

    many, events = files(), set(lake.read(shop.spark, shop.settings, EVENTS).select(*EVENTS.key).collect())
    said = housekeeping.maintain(shop.spark, shop.settings)
    assert all(line.endswith(": tidied") for line in said)
    assert files() < many
    assert set(lake.read(shop.spark, shop.settings, EVENTS).select(*EVENTS.key).collect()) == events
    assert_verified(shop.spark, shop.settings)


def test_of_many_that_commit_at_once_none_is_lost(shop: Shop) -> None:
    """Each has read the same version; S3 takes a commit's file under a condition, so all but one must look again."""
    table = POPULARITY.at("speed")
    before = lake.version(shop.settings, table)
    assert before is not None
    writers = [delta.open_table(shop.settings, table.path) for _ in range(8)]

    def commit(number: int) -> None:
        opened = writers[number]
        assert opened is not None
        commits.commit(opened, table, [], at=(f"writer {number}", number))

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(commit, range(len(writers))))
    assert lake.version(shop.settings, table) == before + len(writers)
    assert [lake.frontier(shop.settings, table, f"writer {n}") for n in range(8)] == list(range(8))
