"""`mart maintain`: fewer and smaller files, the same rows, and nobody who reads is disturbed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart.delivery import housekeeping
from mart.delivery.follow import BUCKET
from mart.edges import delta, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, LANDING_ACTIVITY
from mart.verify import verify
from tests.laws.test_lambda_law import Shop

SPEED = INTERACTIONS.at("speed")
KEPT = (LANDING_ACTIVITY, EVENTS, INTERACTIONS.at("batch"), INTERACTIONS.at("serving"))


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A lake of many small files: speed has three in a bucket that is full, one in the next. Its tests go on from one another."""
    shop = Shop(spark, tmp_path_factory.mktemp("shop"), 3, 200, INTERACTIONS)
    for _ in range(3):
        shop.arrive(40)
        shop.advance_speed()
    let_versions_pass(shop.settings, EVENTS, BUCKET)
    shop.arrive(40)
    shop.advance_speed()
    shop.materialise()
    return shop


def let_versions_pass(settings: Settings, table: Table, count: int) -> None:
    """Commit versions in which nothing happens: a hundred real ones would take minutes."""
    newest = lake.version(settings, table)
    assert newest is not None
    log, nothing = (
        Path(lake.path(settings, table)) / "_delta_log",
        {"commitInfo": {"timestamp": 0, "operation": "TEST"}},
    )
    for version in range(newest + 1, newest + 1 + count):
        (log / f"{version:020}.json").write_text(json.dumps(nothing))


def files(settings: Settings, table: Table) -> list[str]:
    """The partition of each file of the newest version."""
    opened = delta.open_table(settings, table.path)
    assert opened is not None
    return sorted(
        str(one) for one in opened.get_add_actions(flatten=True).column(f"partition.{table.partition[0]}").to_pylist()
    )


def contents(shop: Shop, *tables: Table) -> dict[str, list[str]]:
    return {
        table.full_name: sorted(map(str, lake.read(shop.spark, shop.settings, table).collect())) for table in tables
    }


def off(shop: Shop) -> list[str]:
    return [str(finding) for finding in verify(shop.spark, shop.settings) if finding.off]


def test_an_empty_lake_is_tidy(spark: SparkSession, tmp_path: Path) -> None:
    assert housekeeping.maintain(spark, Settings.read(home=tmp_path)) == []


def test_small_files_are_joined_and_no_row_changes_not_even_for_one_who_is_reading(shop: Shop) -> None:
    tables = (LANDING_ACTIVITY, EVENTS, SPEED, INTERACTIONS.at("serving"))
    before = contents(shop, *tables)
    many = len(files(shop.settings, EVENTS))
    reading = [lake.read(shop.spark, shop.settings, table, lake.version(shop.settings, table)) for table in tables]
    assert files(shop.settings, SPEED) == ["0", "0", "0", "1"]
    assert "processed.events: tidied" in housekeeping.maintain(shop.spark, shop.settings)
    assert files(shop.settings, SPEED) == ["0", "1"]
    assert len(set(files(shop.settings, EVENTS))) == len(files(shop.settings, EVENTS)) < many
    assert contents(shop, *tables) == before
    assert [sorted(map(str, frame.collect())) for frame in reading] == list(before.values())
    assert off(shop) == []


def test_a_second_time_there_is_nothing_to_do_and_nothing_is_committed(shop: Shop) -> None:
    tables = (LANDING_ACTIVITY, EVENTS, SPEED)
    before = [lake.version(shop.settings, table) for table in tables]
    housekeeping.maintain(shop.spark, shop.settings)
    assert [lake.version(shop.settings, table) for table in tables] == before


def test_whole_buckets_that_the_batch_layer_holds_are_dropped_and_no_answer_changes(shop: Shop) -> None:
    shop.refresh()
    horizon = lake.frontier(shop.settings, INTERACTIONS.at("batch"))
    assert horizon is not None
    assert BUCKET <= horizon < 2 * BUCKET - 1
    before = contents(shop, *KEPT)
    housekeeping.maintain(shop.spark, shop.settings)
    assert files(shop.settings, SPEED) == ["1"], "the newest bucket is not full yet"
    assert contents(shop, *KEPT) == before
    assert off(shop) == []


def test_life_goes_on_after_it(shop: Shop) -> None:
    again = Shop(shop.spark, shop.settings.home, 4, 60, INTERACTIONS)  # a new process, with other records
    assert again.land(again.left, "after") is not None
    again.advance_speed()
    again.materialise()
    assert off(again) == []


def test_the_command_says_what_it_did(shop: Shop) -> None:
    mart = Path(sys.executable).with_name("mart")
    done = subprocess.run([mart, "maintain", "--home", shop.settings.home], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "speed.interactions: tidied",
        "landing.activity: tidied",
        "processed.events: tidied",
    ]
