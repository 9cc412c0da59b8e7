"""Real streaming jobs that are killed, left behind and refused: their alerts are raised, and are over when the runbook was followed."""

import json
from pathlib import Path

import pytest

from mart.edges import delta, groups, kafka, producing, reports
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY
from tests.groups import committed
from tests.streams.running import Home
from tests.watch.watching import Desk, desk

LIVE, INGEST = "streaming/live", "streaming/ingest_activity"


@pytest.fixture
def settings(broker: Settings, topic: str, tmp_path: Path) -> Settings:
    own = broker.kafka.model_copy(update={"activity": topic})
    lake = tmp_path / "lake"
    return broker.model_copy(
        update={"home": tmp_path, "lake": str(lake), "checkpoints": f"{lake}/_checkpoints", "kafka": own}
    )


def record(number: int) -> bytes:
    at = f"2026-11-{1 + number % 20:02}T10:00:00Z"
    event = {
        "event_id": f"e{number}",
        "event_type": "view",
        "event_at": at,
        "product_id": f"p{number % 7}",
        "user_id": f"u{number % 5}",
    }
    return json.dumps(event).encode()


def send(settings: Settings, *values: bytes) -> None:
    producing.publish(settings.kafka.brokers, settings.kafka.activity, ((value[:20], value) for value in values))


def landed(settings: Settings, records: int) -> bool:
    rows = delta.scan(settings, LANDING_ACTIVITY.path)
    return rows is not None and rows.count_rows() >= records


def watched(settings: Settings, told: Desk, minutes: float) -> list[str]:
    """Look twice, a minute and more apart, as an alarm that must last is raised at the second look."""
    return [*told.look(minutes), *told.look(minutes + 1.1)]


@pytest.mark.soak
@pytest.mark.timeout(1800)  # four starts of Spark: minutes on a quiet machine, a quarter of an hour on a busy one
def test_streams_that_are_killed_behind_or_refused_are_alerts_until_they_are_well(settings: Settings) -> None:
    at_home, topic = Home(settings), settings.kafka.activity
    group = groups.ingesting(topic)
    send(settings, *(record(number) for number in range(200)))
    with desk(settings, "landing", "ledger", "freshness", "kafka", "jobs") as told:
        with at_home.running("run", LIVE) as process:
            process.until(lambda: landed(settings, 200))
            process.until(lambda: bool(_queries(settings)))
            process.until(lambda: groups.lag(settings.kafka.brokers, topic, group) == groups.Lag(0, None))
            assert watched(settings, told, 0) == []
            assert told.values("mart_lag_records")[group, f"kafka:{topic}"] == 0
            assert told.values("mart_ledger_difference_records") == {("processed.events",): 0}
            process.kill()
        assert committed(settings, settings.kafka.activity) == {
            at: end for at, (_, end) in kafka.ends(settings.kafka.brokers, topic).items()
        }
        rejects = [b"no json %d" % number for number in range(300)]
        send(settings, *rejects, *(record(number) for number in range(200, 250)))  # a backlog, and nobody reads it
        assert sorted(watched(settings, told, 6)) == [
            f"job-silent ({LIVE})",
            f"lag ({group}, kafka:{topic})",
        ]
        assert told.values("mart_lag_records")[group, f"kafka:{topic}"] == 350
        at_home.jobs(INGEST).well()
        assert watched(settings, told, 7.2) == [
            "rejects (landing.activity)",
            f"over: lag ({group}, kafka:{topic})",
        ]
        [freshness] = watched(settings, told, 17)[1:]
        assert freshness == "freshness (serving.funnel and 3 more)"

        kafka.delete(settings.kafka.brokers, topic)
        kafka.create(settings.kafka.brokers, topic, partitions=4)
        assert at_home.jobs(LIVE).code == 1  # it was made anew
        assert told.look(19) == [f"job-failed ({LIVE})", f"over: job-silent ({LIVE})"]
        renamed = settings.kafka.model_copy(update={"activity": f"{topic}-2"})  # as the message and the runbook say
        kafka.create(settings.kafka.brokers, f"{topic}-2", partitions=4)
        Home(settings.model_copy(update={"kafka": renamed})).jobs(LIVE).well()
        assert sorted(watched(settings, told, 20)) == [
            "over: freshness (serving.funnel and 3 more)",
            f"over: job-failed ({LIVE})",
        ]
    assert delta.standing(settings, EVENTS) is not None


def _queries(settings: Settings) -> dict[str, object]:
    report = reports.read(settings, LIVE)
    return report["queries"] if report else {}
