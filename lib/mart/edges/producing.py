"""Records to Kafka without Spark.

In: keys and values as bytes. Out: the broker's word that it has every one of them, or a `KafkaError`.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

import confluent_kafka as ck

from mart.edges import kafka
from mart.edges.kafka import LARGEST_RECORD, KafkaError, Record

DELIVERY = 120.0  # seconds a record is retried: longer than a broker's restart
FOREVER = 0.0  # for senders that rather wait than lose a record

T = TypeVar("T")
Headers = Iterable[tuple[str, bytes]]


class NotPublished(KafkaError):
    """A record did not reach the broker."""


class Producer:
    """A publisher that knows what became of each record; leaving its context waits for the broker's last word.

    Sending waits while 64 MB are on their way, so memory stays small whatever the number of records.
    """

    def __init__(self, brokers: str, delivery: float = DELIVERY) -> None:
        self.delivered = 0
        self._fault: NotPublished | None = None
        self._client = ck.Producer(
            kafka.quiet(brokers)
            | {
                "acks": "all",
                "enable.idempotence": True,  # a retry is never stored twice
                "partitioner": "murmur2_random",  # the Java clients' choice: a key has one partition, whoever sends
                "linger.ms": 5,
                "message.max.bytes": LARGEST_RECORD,
                "delivery.timeout.ms": int(delivery * 1000),
                "queue.buffering.max.kbytes": 65_536,
            }
        )

    def send(self, topic: str, value: bytes | None, key: bytes | None = None, headers: Headers = ()) -> None:
        """Hand one record over. Raises NotPublished for this record or for an earlier one."""
        while True:
            self._client.poll(0)
            self._raise_fault()
            try:
                return self._client.produce(topic, value, key, on_delivery=self._settle, headers=list(headers))
            except BufferError:
                self._client.poll(0.1)
            except ck.KafkaException as error:
                size = len(value or b"") + len(key or b"")
                raise NotPublished(
                    f"{topic}: record with key {key!r} of {size:,} bytes: {error.args[0].str()}"
                ) from None

    def soon(self, topic: str, value: bytes, key: bytes) -> "Future[None]":
        """Hand one record over without waiting; the future ends while `poll` is called, with NotPublished where it failed.

        Raises BufferError while 64 MB are on their way.
        """
        told: Future[None] = Future()

        def settle(error: ck.KafkaError | None, message: ck.Message) -> None:
            if error is None:
                self.delivered += 1
                told.set_result(None)
            else:
                told.set_exception(NotPublished(f"{topic}: record with key {key!r}: {error.str()}"))

        self._client.produce(topic, value, key, on_delivery=settle)
        return told

    def poll(self) -> None:
        """Hear what the broker has said since the last time."""
        self._client.poll(0)

    def flush(self) -> None:
        """Wait until the broker has every record sent. Raises NotPublished."""
        while self._client.flush(0.5):
            self._raise_fault()
        self._raise_fault()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.flush()
        else:
            self._client.flush(5)  # what was sent before the error is not held back by it

    def _settle(self, error: ck.KafkaError | None, message: ck.Message) -> None:
        if error is None:
            self.delivered += 1
        elif self._fault is None:
            self._fault = NotPublished(f"{message.topic()}: record with key {message.key()!r}: {error.str()}")

    def _raise_fault(self) -> None:
        if self._fault:
            raise self._fault


def publish(brokers: str, topic: str, records: Iterable[Record], rate: float | None = None) -> int:
    """Publish (key, value) records, at most `rate` a second; return their number once the broker has them all.

    Raises Unreachable, NoTopic and NotPublished.
    """
    kafka.partitions(brokers, topic)
    with Producer(brokers) as producer:
        for key, value in records if rate is None else paced(records, rate):
            producer.send(topic, value, key)
    return producer.delivered


def paced(records: Iterable[T], rate: float) -> Iterator[T]:
    """Let `rate` records a second pass; what a slow source has missed is not made up for by a burst above 0.1 s."""
    due = time.monotonic()
    for record in records:
        now = time.monotonic()
        due = max(due, now - 0.1)
        if due > now:
            time.sleep(due - now)
        yield record
        due += 1 / rate
