"""What can't follow what has landed is refused, with a message that says how to go on; nothing is skipped."""

import shutil

import confluent_kafka as ck
import pytest
from confluent_kafka.admin import AdminClient
from pyspark.sql import SparkSession

from mart import job
from mart.delivery.positions import Refused
from mart.edges import kafka, producing
from mart.settings import Settings
from tests.streams.running import Home
from tests.streams.truth import Source, assert_exact, landed


def drained(spark: SparkSession, settings: Settings) -> None:
    """Run streaming/ingest_activity with `--available-now`."""
    stream = job.load("streaming/ingest_activity")(spark, settings, job.Options(available_now=True))
    assert stream
    while not stream.wait(1):
        pass


@pytest.fixture
def source(spark: SparkSession, settings: Settings) -> Source:
    """A shop whose first records have landed."""
    source = Source.make(settings.home / "shop", events=300, seed=4)
    source.send(settings, 100)
    drained(spark, settings)
    assert_exact(source, settings)
    return source


def test_a_topic_made_anew_is_refused_in_one_line(at_home: Home, source: Source) -> None:
    brokers, topic = at_home.settings.kafka.brokers, at_home.settings.kafka.activity
    before = landed(at_home.settings)
    kafka.delete(brokers, topic)
    kafka.create(brokers, topic, partitions=4)
    ended = at_home.jobs("streaming/ingest_activity")
    assert ended.code == 1
    (line,) = ended.said.splitlines()
    assert line.startswith(f"error: kafka:{topic}, partition ")
    assert "it was made anew. Give the new topic another name (settings: kafka.activity); nothing was landed" in line
    assert landed(at_home.settings) == before


def test_a_topic_made_anew_and_filled_again_is_refused_too(
    spark: SparkSession, settings: Settings, source: Source
) -> None:
    """Its end lies beyond what has landed, but the record at the landed offset is another one."""
    brokers, topic = settings.kafka.brokers, settings.kafka.activity
    before = landed(settings)
    kafka.delete(brokers, topic)
    kafka.create(brokers, topic, partitions=4)
    producing.publish(brokers, topic, [(str(n).encode(), b"another") for n in range(1000)])
    with pytest.raises(Refused, match="holds another record there: it was made anew"):
        drained(spark, settings)
    assert landed(settings) == before


def test_a_gap_is_refused(spark: SparkSession, settings: Settings, source: Source) -> None:
    """Records that had not landed have expired."""
    brokers, topic = settings.kafka.brokers, settings.kafka.activity
    before = landed(settings)
    partition, (_, landed_to) = max(kafka.ends(brokers, topic).items(), key=lambda one: one[1][1])
    source.send(settings, 150)
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    for deleted in admin.delete_records([ck.TopicPartition(topic, partition, landed_to + 2)]).values():
        deleted.result(10)
    message = (
        rf"kafka:{topic}, partition {partition}: landed up to offset {landed_to - 1}, the next record is {landed_to + 2}: "
        "2 records are missing. Restore them, or accept the loss by giving the topic another name"
    )
    with pytest.raises(Refused, match=message):
        drained(spark, settings)
    assert landed(settings) == before


def test_records_that_landed_and_have_expired_are_no_gap(
    spark: SparkSession, settings: Settings, source: Source
) -> None:
    brokers, topic = settings.kafka.brokers, settings.kafka.activity
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    all_of_them = [
        ck.TopicPartition(topic, partition, end) for partition, (_, end) in kafka.ends(brokers, topic).items()
    ]
    for deleted in admin.delete_records(all_of_them).values():
        deleted.result(10)
    source.send(settings, 100)
    drained(spark, settings)
    assert_exact(source, settings)


def test_a_checkpoint_ahead_of_a_landing_zone_that_is_gone_loses_nothing_silently(
    spark: SparkSession, settings: Settings, source: Source
) -> None:
    """Somebody deletes the tables and forgets the checkpoint, which would go on behind the first hundred records."""
    shutil.rmtree(settings.lake + "/landing/activity")
    shutil.rmtree(settings.lake + "/processed/events")
    source.send(settings, 50)
    with pytest.raises(Refused, match="records are missing"):
        drained(spark, settings)
    assert landed(settings) == {}
