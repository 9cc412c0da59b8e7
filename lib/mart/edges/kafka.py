"""Kafka without Spark: topics, offsets and single records; who publishes is in `producing`.

In: the brokers' address. Out: what is there, or a `KafkaError`.
Passing faults (a broker that restarts, a leader that moves) are retried here and nowhere else.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import confluent_kafka as ck
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from mart.edges import doors
from mart.edges.doors import KafkaError as KafkaError
from mart.settings import Kafka

LARGEST_RECORD = 8_000_000  # bytes: what ingest calls too large must still arrive, to be rejected where all can see it
PATIENCE = 10.0  # seconds a broker is given to answer a question

PASSING = (
    *(ck.KafkaError._TRANSPORT, ck.KafkaError._ALL_BROKERS_DOWN, ck.KafkaError._TIMED_OUT),
    # A broker that has just started looks for what it knows of groups.
    *(
        ck.KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        ck.KafkaError.COORDINATOR_NOT_AVAILABLE,
        ck.KafkaError.NOT_COORDINATOR,
    ),
)

T = TypeVar("T")
Record = tuple[bytes | None, bytes | None]
Headers = Iterable[tuple[str, bytes]]


class Unreachable(KafkaError):
    """No broker answers."""


class NoTopic(KafkaError):
    """The topic does not exist."""


def topics(brokers: str, patience: float = PATIENCE) -> dict[str, int]:
    """Tell each topic's number of partitions, Kafka's own topics left out. Raises Unreachable."""
    admin = _admin(brokers)
    found = _ask(brokers, lambda: admin.list_topics(timeout=patience), patience).topics
    return {name: len(topic.partitions) for name, topic in found.items() if not name.startswith("__")}


def partitions(brokers: str, topic: str) -> int:
    """Tell a topic's number of partitions. Raises Unreachable and NoTopic."""
    known = topics(brokers)
    if topic not in known:
        raise NoTopic(f"Kafka at {brokers} has no topic {topic!r}: `mart up` creates the platform's topics")
    return known[topic]


def create(brokers: str, topic: str, partitions: int) -> None:
    """Create a topic and wait until it is there; one that exists stays as it is. Raises Unreachable."""
    order = NewTopic(topic, num_partitions=partitions, replication_factor=-1)  # -1: as the cluster has it by default
    admin, already = _admin(brokers), ck.KafkaError.TOPIC_ALREADY_EXISTS
    _ask(brokers, lambda: _done(admin.create_topics([order])[topic], already))
    _wait(lambda: topic in topics(brokers), f"Kafka at {brokers} did not show topic {topic!r} after creating it")


def furnish(settings: Kafka) -> list[str]:
    """Create those of the platform's topics that are missing, and name them. Raises Unreachable."""
    there = topics(settings.brokers)
    missing = [topic for topic in wanted(settings) if topic not in there]
    for topic in missing:
        create(settings.brokers, topic, wanted(settings)[topic])
    return missing


def wanted(settings: Kafka) -> dict[str, int]:
    """List the platform's topics with their partitions: as many readers as can share the work."""
    offers = {settings.product_details: 2, settings.product_details_rejects: 1, settings.offer_alerts: 1}
    return {settings.activity: 4} | offers


def delete(brokers: str, topic: str) -> None:
    """Delete a topic with its records and wait until it is gone; a missing one is no error. Raises Unreachable."""
    admin, already = _admin(brokers), ck.KafkaError.UNKNOWN_TOPIC_OR_PART
    _ask(brokers, lambda: _done(admin.delete_topics([topic])[topic], already))
    _wait(lambda: topic not in topics(brokers), f"Kafka at {brokers} still shows topic {topic!r} after deleting it")


def ends(brokers: str, topic: str) -> dict[int, tuple[int, int]]:
    """Tell for each partition the first offset it holds and the one that comes next. Raises Unreachable and NoTopic."""
    places = [ck.TopicPartition(topic, partition) for partition in range(partitions(brokers, topic))]
    with _reader(brokers) as reader:
        return {at.partition: _ask(brokers, partial(_watermarks, reader, at)) for at in places}


def record_at(brokers: str, topic: str, partition: int, offset: int) -> Record | None:
    """Read one record; None where the topic holds none at this offset (not yet, no more, or never)."""
    begin, end = ends(brokers, topic).get(partition, (0, 0))
    if not begin <= offset < end:
        return None
    with _reader(brokers) as reader:
        reader.assign([ck.TopicPartition(topic, partition, offset)])
        message = _ask(brokers, lambda: _next(reader))
    return (message.key(), message.value()) if message.offset() == offset else None


def tail(brokers: str, topic: str, count: int) -> list[dict[str, bytes]]:
    """Read the headers of the last `count` records of each partition. Raises Unreachable and NoTopic."""
    found: list[dict[str, bytes]] = []
    for partition, (begin, end) in ends(brokers, topic).items():
        with _reader(brokers) as reader:
            reader.assign([ck.TopicPartition(topic, partition, max(begin, end - count))])
            for _ in range(min(count, end - begin)):
                message = _ask(brokers, lambda: _next(reader))
                found.append(dict(_headers(message)))
    return found


def _headers(message: ck.Message) -> list[tuple[str, bytes]]:
    found = message.headers() or []
    return [(name, value if isinstance(value, bytes) else b"") for name, value in found]  # type: ignore[str-unpack]


def quiet(brokers: str) -> dict[str, Any]:
    """Configure a client that speaks through exceptions only, not through lines on stderr."""
    if not brokers:
        raise Unreachable("there is no Kafka in the settings (kafka.brokers is empty): run `mart up`")
    return doors.librdkafka(brokers) | {"log_level": 0, "reconnect.backoff.max.ms": 1000}


def _admin(brokers: str) -> AdminClient:
    return AdminClient(quiet(brokers))


@contextmanager
def _reader(brokers: str, group: str = "mart-look") -> Iterator[ck.Consumer]:
    """Open a consumer that joins no group and commits nothing."""
    reader = ck.Consumer(quiet(brokers) | {"group.id": group, "enable.auto.commit": False})
    try:
        yield reader
    finally:
        reader.close()


def _watermarks(reader: ck.Consumer, at: ck.TopicPartition) -> tuple[int, int]:
    found = reader.get_watermark_offsets(at, timeout=PATIENCE)
    if found is None:
        raise TimeoutError
    return found


def _next(reader: ck.Consumer) -> ck.Message:
    message = reader.poll(PATIENCE)
    if message is None:
        raise TimeoutError
    if error := message.error():
        raise ck.KafkaException(error)
    return message


def _done(order: Future[None], already: int) -> None:
    """Wait for an order to be carried out; `already` is the error that says it has been."""
    try:
        order.result(PATIENCE)
    except ck.KafkaException as error:
        if error.args[0].code() != already:
            raise


def _ask(brokers: str, question: Callable[[], T], patience: float = PATIENCE) -> T:
    """Put a question again and again until it is answered or `patience` seconds are over."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return question()
        except (ck.KafkaException, TimeoutError) as error:
            fault = error.args[0] if isinstance(error, ck.KafkaException) else None
            if fault and fault.code() not in PASSING and not fault.retriable():
                raise KafkaError(f"Kafka at {brokers}: {fault.str()}") from None
            if time.monotonic() >= deadline:
                raise Unreachable(f"no Kafka broker answers at {brokers}: {doors.advice(brokers)}") from None
        time.sleep(0.2)


def _wait(come: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        if time.monotonic() > deadline:
            raise KafkaError(otherwise)
        time.sleep(0.05)
