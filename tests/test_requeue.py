"""`mart requeue`: rejects get another chance, each once, and nothing counts twice.

The fix between two runs is a setting: a record that was too large for the first ingest is not for the second.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyspark.sql import SparkSession

from mart import job
from mart.cli import main
from mart.edges import inbox, lake
from mart.requeue import requeue
from mart.settings import Ingest, Settings
from mart.tables import EVENTS, LANDING_ACTIVITY
from mart.verify import verify

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
STRICT, LENIENT = Ingest(max_payload_bytes=300), Ingest()
COORDINATES = ("source", "partition", "offset")


def said(event_id: str, **more: object) -> bytes:
    sound = {"event_id": event_id, "event_at": f"{AT:%FT%TZ}", "event_type": "view", "user_id": "u", "product_id": "p"}
    return json.dumps(sound | more).encode()


LONG = "x" * 300
RECORDS = (
    said("short"),
    said("long", note=LONG),
    said("negative", quantity=-1),
    said("long", note=LONG),  # the producer sent it twice
    b"\xff not json, and a line\rbreak of old",
)


def ingest(spark: SparkSession, settings: Settings, rules: Ingest) -> None:
    options = job.Options(available_now=True)
    stream = job.load("streaming/ingest_activity")(spark, settings.model_copy(update={"ingest": rules}), options)
    assert stream
    while not stream.wait(1):
        pass


@pytest.fixture(scope="module")
def rejected(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake in which RECORDS have landed: one event, two too large, two bad for good. Each test here goes on from the last."""
    settings = Settings.read(home=tmp_path_factory.mktemp("requeue"))
    inbox.write(settings, "activity", "day", RECORDS)
    ingest(spark, settings, STRICT)
    return settings


def landed(spark: SparkSession, settings: Settings) -> list[tuple[str, str, str, bytes]]:
    rows = lake.read(spark, settings, LANDING_ACTIVITY).orderBy("source", "offset").collect()
    return [(row["source"], row["offset"][-1], row["outcome"], bytes(row["payload"])) for row in rows]


def test_a_lake_without_landing_has_nothing_to_queue(tmp_path: Path) -> None:
    assert requeue(Settings.read(home=tmp_path)) == 0


def test_each_reject_is_queued_once_and_a_reason_chooses(rejected: Settings) -> None:
    assert requeue(rejected, "missing_field") == 0
    assert requeue(rejected, "out_of_range") == 1
    assert requeue(rejected, "out_of_range") == 0
    assert requeue(rejected) == 3
    assert requeue(rejected) == 0
    queued = [json.loads(line) for line in inbox.lines(rejected, "requeue")]
    assert sorted(int(one["offset"]) for one in queued) == [1, 2, 3, 4]


def test_what_is_sound_now_becomes_one_event_and_what_is_not_is_rejected_again(
    spark: SparkSession, rejected: Settings
) -> None:
    before = landed(spark, rejected)
    ingest(spark, rejected, LENIENT)
    after = landed(spark, rejected)
    assert [row for row in after if not row[0].startswith("requeue:")] == before, "the first rejection stays on record"
    again = sorted(row[1:] for row in after if row[0].startswith("requeue:"))
    outcomes = ("event", "out_of_range", "duplicate", "not_json")
    assert again == [(str(n), outcome, RECORDS[n]) for n, outcome in enumerate(outcomes, 1)]

    events = {row["event_id"]: row for row in lake.read(spark, rejected, EVENTS).collect()}
    assert set(events) == {"short", "long"}
    short, long = events["short"], events["long"]
    assert long["source"].startswith("requeue:rejects-")
    assert long["source"].endswith(f":{short['source']}")
    assert (long["partition"], int(long["offset"])) == (short["partition"], 1)
    assert [finding for finding in verify(spark, rejected) if finding.off] == []


def test_what_was_rejected_again_gets_another_chance_after_another_fix(spark: SparkSession, rejected: Settings) -> None:
    assert requeue(rejected) == 2
    assert requeue(rejected) == 0
    ingest(spark, rejected, LENIENT)
    outcomes = [outcome for _, _, outcome, _ in landed(spark, rejected)]
    assert (outcomes.count("event"), outcomes.count("out_of_range"), outcomes.count("not_json")) == (2, 3, 3)
    assert [finding for finding in verify(spark, rejected) if finding.off] == []


def test_the_command_tells_how_many_and_knows_the_reasons(rejected: Settings) -> None:
    home = str(rejected.home)
    told = CliRunner().invoke(main, ["requeue", "--home", home, "--json", "--reason", "not_json"])
    assert json.loads(told.stdout) == {"queued": 1}
    assert CliRunner().invoke(main, ["requeue", "--home", home]).stdout == "1 rejects queued again\n"
    strange = CliRunner().invoke(main, ["requeue", "--home", home, "--reason", "bad_luck"])
    assert (strange.exit_code, "no such reason: bad_luck. There are: too_large, not_json" in strange.stderr) == (
        2,
        True,
    )
