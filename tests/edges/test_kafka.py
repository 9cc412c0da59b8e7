"""The Kafka edge against a real broker."""

import time
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka as ck
import pytest

from mart.edges import kafka, producing
from mart.local import kafka as broker_service
from mart.local import processes, services
from mart.settings import Settings

NOBODY = "127.0.0.1:1"


def test_records_arrive_byte_for_byte(broker: Settings, topic: str) -> None:
    records = [(None, b"no key"), (b"", b""), (b"deleted", None), (b"\xff\x00", b"\xfe not text\n"), (None, None)]
    brokers = broker.kafka.brokers
    assert producing.publish(brokers, topic, records) == len(records)
    assert sorted(_read(brokers, topic), key=repr) == sorted(records, key=repr)


def test_a_key_has_one_partition_and_its_records_stay_in_order(broker: Settings, topic: str) -> None:
    brokers = broker.kafka.brokers
    producing.publish(brokers, topic, [(b"shopper", str(n).encode()) for n in range(500)])
    held = [partition for partition, (begin, end) in kafka.ends(brokers, topic).items() if end > begin]
    assert len(held) == 1
    assert [value for _, value in _read(brokers, topic)] == [str(n).encode() for n in range(500)]


def test_headers_travel_with_the_record(broker: Settings, topic: str) -> None:
    with producing.Producer(broker.kafka.brokers) as producer:
        producer.send(topic, b"v", b"k", headers=[("source", b"requeue")])
    consumer = ck.Consumer({"bootstrap.servers": broker.kafka.brokers, "group.id": topic})
    consumer.assign([ck.TopicPartition(topic, partition, 0) for partition in range(4)])
    message = consumer.poll(10)
    consumer.close()
    assert message is not None
    assert message.headers() == [("source", b"requeue")]


def test_a_record_is_read_at_its_offset_and_nowhere_else(broker: Settings, topic: str) -> None:
    brokers = broker.kafka.brokers
    producing.publish(brokers, topic, [(b"k", b"first"), (b"k", b"second")])
    [partition] = [partition for partition, (_, end) in kafka.ends(brokers, topic).items() if end]
    assert kafka.ends(brokers, topic)[partition] == (0, 2)
    assert kafka.record_at(brokers, topic, partition, 1) == (b"k", b"second")
    assert kafka.record_at(brokers, topic, partition, 2) is None
    assert kafka.record_at(brokers, topic, 99, 0) is None


def test_a_topic_made_anew_begins_at_zero(broker: Settings, topic: str) -> None:
    brokers = broker.kafka.brokers
    producing.publish(brokers, topic, [(b"k", b"old")])
    kafka.create(brokers, topic, partitions=4)  # it exists: nothing happens
    assert sum(end for _, end in kafka.ends(brokers, topic).values()) == 1
    kafka.delete(brokers, topic)
    kafka.delete(brokers, topic)  # it is gone: nothing happens
    assert topic not in kafka.topics(brokers)
    kafka.create(brokers, topic, partitions=2)
    assert kafka.ends(brokers, topic) == {0: (0, 0), 1: (0, 0)}


def test_the_rate_is_kept(broker: Settings, topic: str) -> None:
    begun = time.monotonic()
    assert producing.publish(broker.kafka.brokers, topic, [(None, b"x")] * 400, rate=200) == 400
    assert 1.8 < time.monotonic() - begun < 3


def test_a_source_that_stalls_is_not_made_up_for_by_a_burst() -> None:
    def stalling() -> Iterator[int]:
        yield 0
        time.sleep(1)
        yield from range(100)

    begun = time.monotonic()
    passed = [time.monotonic() - begun for _ in producing.paced(stalling(), rate=100)]
    assert passed[-1] > 1.8


def test_a_record_of_6_mb_arrives(broker: Settings, topic: str) -> None:
    brokers, huge = broker.kafka.brokers, b"x" * 6_291_456
    producing.publish(brokers, topic, [(b"k", huge)])
    assert list(_read(brokers, topic)) == [(b"k", huge)]


def test_a_record_no_broker_takes_is_named_and_those_before_it_arrive(broker: Settings, topic: str) -> None:
    records = [(b"good", b"1"), (b"whale", b"x" * 9_000_000), (b"never sent", b"2")]
    with pytest.raises(producing.NotPublished, match=r"key b'whale' of 9,000,005 bytes: .*too large"):
        producing.publish(broker.kafka.brokers, topic, records)
    assert list(_read(broker.kafka.brokers, topic)) == [(b"good", b"1")]


def test_more_than_the_buffer_holds_is_published(broker: Settings, topic: str) -> None:
    assert producing.publish(broker.kafka.brokers, topic, ((None, b"x" * 1_000_000) for _ in range(150))) == 150


def test_a_broker_killed_in_mid_stream_costs_no_record_and_doubles_none(
    home: Path, broker: Settings, topic: str
) -> None:
    mark = broker_service.SERVICE.mark(home.resolve())

    def records() -> Iterator[kafka.Record]:
        for n in range(20_000):
            if n == 10_000:
                [process] = processes.find(mark)
                process.kill()
                [status] = services.up(home, ["kafka"])
                assert status.state == "up", status.detail
                assert status.pid != process.pid
            yield str(n % 7).encode(), str(n).encode()

    assert producing.publish(broker.kafka.brokers, topic, records()) == 20_000
    arrived = [int(value or b"") for _, value in _read(broker.kafka.brokers, topic)]
    assert sorted(arrived) == list(range(20_000))


def test_an_unknown_topic_is_refused(broker: Settings) -> None:
    with pytest.raises(kafka.NoTopic, match="no topic 'nowhere'"):
        producing.publish(broker.kafka.brokers, "nowhere", [])
    with pytest.raises(kafka.NoTopic):
        kafka.ends(broker.kafka.brokers, "nowhere")


def test_no_broker_says_what_to_do() -> None:
    with pytest.raises(kafka.Unreachable, match=r"no Kafka broker answers at 127\.0\.0\.1:1: run `mart up`"):
        kafka.topics(NOBODY, patience=0.5)
    with pytest.raises(kafka.Unreachable, match=r"kafka\.brokers is empty.*`mart up`"):
        kafka.topics("")


def test_a_record_that_never_arrives_is_an_error() -> None:
    with (
        pytest.raises(producing.NotPublished, match="activity: record with key b'k'"),
        producing.Producer(NOBODY, 1) as producer,
    ):
        producer.send("activity", b"v", b"k")


def _read(brokers: str, topic: str) -> Iterator[kafka.Record]:
    """Read a topic from begin to end, partition by partition, with a consumer of its own."""
    consumer = ck.Consumer({"bootstrap.servers": brokers, "group.id": topic, "enable.auto.commit": False})
    for partition, (begin, end) in kafka.ends(brokers, topic).items():
        consumer.assign([ck.TopicPartition(topic, partition, begin)])
        for _ in range(end - begin):
            message = consumer.poll(10)
            assert message is not None
            assert not message.error()
            yield message.key(), message.value()
    consumer.close()
