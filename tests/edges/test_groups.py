"""How far a stream has come is seen by Kafka's own tools, and a broker that does not note it holds nothing up."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from mart.edges import groups, kafka, producing
from mart.edges.groups import Shown
from mart.settings import Settings
from tests.groups import committed


def until(settings: Settings, topic: str, expected: dict[int, int]) -> None:
    deadline = time.monotonic() + 60
    while committed(settings, topic) != expected:
        assert time.monotonic() < deadline, committed(settings, topic)
        time.sleep(0.1)


def test_what_is_shown_is_what_kafkas_own_client_reads(broker: Settings, topic: str) -> None:
    shown = Shown(broker.kafka.brokers, topic)
    shown.show({0: 0, 1: 7})
    until(broker, topic, {0: 0, 1: 7})
    shown.show({0: 3, 1: 7})
    until(broker, topic, {0: 3, 1: 7})


def test_a_lag_is_counted_and_dated_by_the_oldest_record_that_waits(broker: Settings, topic: str) -> None:
    brokers, began = broker.kafka.brokers, datetime.now(UTC)
    producing.publish(brokers, topic, [(b"k%d" % number, b"v") for number in range(20)])
    group = groups.ingesting(topic)
    assert groups.lag(brokers, topic, group) is None  # it has never taken anything
    ends = {partition: end for partition, (_, end) in kafka.ends(brokers, topic).items()}
    shown = Shown(brokers, topic)
    shown.show(ends)
    until(broker, topic, ends)
    assert groups.lag(brokers, topic, group) == groups.Lag(0, None)
    shown.show(dict.fromkeys(ends, 0))
    until(broker, topic, dict.fromkeys(ends, 0))
    found = groups.lag(brokers, topic, group)
    assert found is not None
    assert found.records == 20
    assert found.since is not None
    assert began - timedelta(seconds=1) < found.since < datetime.now(UTC)


@pytest.mark.soak
def test_a_broker_that_is_away_holds_nobody_up_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    shown = Shown("127.0.0.1:1", "activity")
    began = time.monotonic()
    for offset in range(1000):
        shown.show({0: offset})
    assert time.monotonic() - began < 1
    time.sleep(groups.PAUSE + kafka.PATIENCE + 5)
    assert len([record for record in caplog.records if "does not note" in record.message]) == 1
