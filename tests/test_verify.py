"""Every check can fail: a lake in order is doctored in one place, and the check says so, and where."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery import layers
from mart.delivery.follow import Speed, catch_up
from mart.edges import lake
from mart.schema import Table
from mart.schema import spark as types
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, LANDING_ACTIVITY, SALES
from mart.verify import Finding, ledger, protocol, verify

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
Doctor = Callable[["Lake"], object]


class Lake:
    """A lake with five records, three of them events; the last of these came after the batch run."""

    def __init__(self, spark: SparkSession, home: Path) -> None:
        self.spark, self.settings = spark, Settings.read(home=home)

    def landed(self, offset: int, outcome: str) -> DataFrame:
        row = {"source": "test", "partition": "0", "offset": f"{offset:020}", "arrived_at": AT, "outcome": outcome}
        return self.frame(
            LANDING_ACTIVITY, row | {"payload": b"{}", "arrived_day": AT.date(), "code_version": "1", "batch": "b"}
        )

    def event(self, offset: int, event_id: str | None = None, at: datetime = AT) -> DataFrame:
        said = {"event_id": event_id or f"e{offset}", "event_at": at, "event_type": "view", "event_day": at.date()}
        who = {"user_id": "u", "session_id": "s", "product_id": "p", "category": "toys", "brand": "Acme"}
        came = {"source": "test", "partition": "0", "offset": f"{offset:020}", "arrived_at": AT}
        return self.frame(EVENTS, said | who | came)

    def frame(self, table: Table, row: dict[str, object]) -> DataFrame:
        return self.spark.createDataFrame([tuple(row.get(name) for name in table.names)], types.struct(table))

    def append(self, table: Table, *frames: DataFrame, at: tuple[str, int] | None = None) -> int:
        together = frames[0]
        for frame in frames[1:]:
            together = together.unionByName(frame)
        return lake.append(self.settings, table, together.coalesce(1), at).version

    def fill(self) -> None:
        lake.ensure(self.spark, self.settings, LANDING_ACTIVITY, EVENTS)
        outcomes = ("event", "event", "duplicate", "not_json")
        version = self.append(LANDING_ACTIVITY, *[self.landed(n, outcome) for n, outcome in enumerate(outcomes)])
        self.append(EVENTS, self.event(0), self.event(1), at=("landing", version))
        layers.refresh(self.spark, self.settings, INTERACTIONS)
        version = self.append(LANDING_ACTIVITY, self.landed(4, "event"))
        self.append(EVENTS, self.event(4), at=("landing", version))
        speed = Speed(self.spark, self.settings, (INTERACTIONS,))
        catch_up(self.spark, self.settings, speed.stands, speed.advance)
        layers.materialise(self.spark, self.settings, INTERACTIONS)

    def rewrite(self, table: Table, column: str, value: str) -> None:
        """Change a column of a table behind everybody's back."""
        rows = lake.read(self.spark, self.settings, table).withColumn(column, F.expr(value)).localCheckpoint()
        lake.overwrite(self.settings, table, rows)

    def off(self) -> list[Finding]:
        return [finding for finding in verify(self.spark, self.settings) if finding.off]


@pytest.fixture(scope="module")
def in_order(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("in-order")
    Lake(spark, home).fill()
    return home


@pytest.fixture
def ours(spark: SparkSession, in_order: Path, tmp_path: Path) -> Lake:
    shutil.copytree(in_order / "lake", tmp_path / "lake")
    return Lake(spark, tmp_path)


def test_a_lake_in_order_has_nothing_off_and_says_what_was_looked_at(ours: Lake) -> None:
    findings = verify(ours.spark, ours.settings)
    assert [finding for finding in findings if finding.off] == []
    said = {(finding.check, finding.subject): finding.detail for finding in findings}
    assert said["ledger", "landing.activity"] == "5 landed, 3 events, 1 duplicates, 1 rejects"
    assert said["law", "batch.interactions"] == "1 rows equal a recompute at version 1"
    assert said["law", "serving.interactions"] == "1 rows equal a recompute at version 2"
    assert said["law", "interactions (batch and speed)"] == "1 rows equal a recompute at version 2"
    assert {finding.check for finding in findings} == {"ledger", "repeats", "law", "protocol", "warehouse", "staging"}


def test_an_empty_lake_is_no_failure(spark: SparkSession, tmp_path: Path) -> None:
    findings = verify(spark, Settings.read(home=tmp_path))
    assert findings
    assert [finding for finding in findings if finding.off] == []


LAW: dict[str, tuple[Doctor, str]] = {
    "a count in serving": (
        lambda it: it.rewrite(INTERACTIONS.at("serving"), "views", "views + 1"),
        "serving.interactions",
    ),
    "an instant in batch": (
        lambda it: it.rewrite(INTERACTIONS.at("batch"), "last_at", "last_at + INTERVAL 1 MICROSECOND"),
        "batch.interactions",
    ),
    "a row too many in speed": (
        lambda it: it.append(INTERACTIONS.at("speed"), lake.read(it.spark, it.settings, INTERACTIONS.at("speed"))),
        "interactions (batch and speed)",
    ),
    "a row too few in serving": (
        lambda it: lake.overwrite(
            it.settings, INTERACTIONS.at("serving"), lake.read(it.spark, it.settings, INTERACTIONS).where("false")
        ),
        "serving.interactions",
    ),
}


@pytest.mark.parametrize(
    "name", [next(iter(LAW)), *(pytest.param(name, marks=pytest.mark.soak) for name in [*LAW][1:])]
)
def test_the_law_finds_a_doctored_row(ours: Lake, name: str) -> None:
    doctor, subject = LAW[name]
    doctor(ours)
    found = {finding.subject: finding.detail for finding in ours.off() if finding.check == "law"}
    assert subject in found
    assert "rows are missing and" in found[subject]
    assert "'user_id': 'u'" in found[subject]  # an example to look at


LEDGER: dict[str, tuple[Doctor, str, str]] = {
    "a gap in landing": (
        lambda it: it.append(LANDING_ACTIVITY, it.landed(7, "not_json")),
        "test, partition 0",
        "6 records at 6 offsets within a span of 8",
    ),
    "a record landed twice": (
        lambda it: it.append(LANDING_ACTIVITY, it.landed(3, "not_json")),
        "test, partition 0",
        "6 records at 5 offsets within a span of 5",
    ),
    "an event twice": (
        lambda it: it.append(EVENTS, it.event(1)),
        "processed.events",
        "1 events are there more than once",
    ),
    "an event that never landed": (
        lambda it: it.append(EVENTS, it.event(99)),
        "processed.events",
        "lacks 1 that are here",
    ),
    "an event that was lost between the two writes": (
        lambda it: it.append(
            EVENTS,
            it.event(6),
            at=("landing", it.append(LANDING_ACTIVITY, it.landed(5, "event"), it.landed(6, "event"))),
        ),
        "processed.events",
        "1 events that are missing here",
    ),
    "an event that waits": (
        lambda it: it.append(LANDING_ACTIVITY, it.landed(5, "event")),
        "processed.events",
        "1 events have landed but are not there yet",
    ),
}


@pytest.mark.parametrize("name", LEDGER)
def test_the_ledger_finds_what_does_not_add_up(ours: Lake, name: str) -> None:
    doctor, subject, detail = LEDGER[name]
    doctor(ours)
    found = [finding for finding in ledger.verify(ours.spark, ours.settings) if finding.off]
    assert any(finding.subject == subject and detail in finding.detail for finding in found), found


def test_one_id_at_two_instants_is_told_and_is_no_failure(ours: Lake) -> None:
    version = ours.append(LANDING_ACTIVITY, ours.landed(5, "event"))
    ours.append(EVENTS, ours.event(5, "e1", datetime(2026, 11, 20, 13, tzinfo=UTC)), at=("landing", version))
    findings = ledger.verify(ours.spark, ours.settings)
    assert [finding for finding in findings if finding.off] == []
    assert any("1 event_ids stand at several instants" in finding.detail for finding in findings)


def test_the_protocol_finds_a_table_that_others_cannot_read(ours: Lake) -> None:
    place = lake.path(ours.settings, SALES.at("serving"))
    ours.spark.sql(
        f"CREATE TABLE delta.`{place}` (a INT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
    )
    found = [finding for finding in protocol.verify(ours.settings) if finding.off]
    assert [finding.subject for finding in found] == ["serving.sales"]
    assert "reader version 3" in found[0].detail
    assert "deletionVectors" in found[0].detail


def test_the_command_ends_with_1_and_prints_the_differences(ours: Lake, tmp_path: Path) -> None:
    ours.rewrite(INTERACTIONS.at("serving"), "views", "views + 1")
    mart = Path(sys.executable).with_name("mart")
    done = subprocess.run([mart, "verify", "--home", tmp_path, "--json"], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert said["ok"] is False
    assert [finding["subject"] for finding in said["findings"] if finding["off"]] == ["serving.interactions"]
