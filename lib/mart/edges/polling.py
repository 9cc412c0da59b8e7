"""A Kafka consumer group that hands out records in batches and remembers how far they have been dealt with.

In: a topic and a group's name. Out: batches of records, and offsets committed when the caller says so. A partition that goes to
another member of the group takes its records along: they are handed out there.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar, cast

import confluent_kafka as ck

from mart.edges import doors, kafka
from mart.edges.kafka import KafkaError

log = logging.getLogger(__name__)

PULSE = 0.2  # seconds between two looks whether to stop
BEYOND = 600  # seconds a batch may take before the group gives its partitions to another member
GONE = 10  # seconds without a sign of life after which a member counts as dead
LOST = (ck.KafkaError.ILLEGAL_GENERATION, ck.KafkaError.UNKNOWN_MEMBER_ID, ck.KafkaError.REBALANCE_IN_PROGRESS)

T = TypeVar("T")


@dataclass(frozen=True)
class Received:
    """A record as it came."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # milliseconds since 1970
    timestamp_type: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def size(self) -> int:
        return len(self.key or b"") + len(self.value or b"")


class Member:
    """A member of a consumer group; leaving its context leaves the group. Raises Unreachable, NoTopic and KafkaError."""

    def __init__(self, brokers: str, topic: str, group: str) -> None:
        self._brokers, self._topic = brokers, topic
        self._ends = {partition: end for partition, (begin, end) in kafka.ends(brokers, topic).items() if end > begin}
        self._reached: dict[int, int] = {}
        self._followed_by_nothing: dict[int, int] = {}
        self._buffer: deque[Received] = deque()
        self._consumer = ck.Consumer(
            doors.librdkafka(brokers)
            | {
                "group.id": group,
                "log_level": 0,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "max.poll.interval.ms": BEYOND * 1000,
                "session.timeout.ms": GONE * 1000,
                "fetch.message.max.bytes": kafka.LARGEST_RECORD,
                "reconnect.backoff.max.ms": 1000,
            }
        )
        self._consumer.subscribe([topic], on_revoke=self._forget, on_lost=self._forget)

    def gather(self, most: int, most_bytes: int, window: float, stop: Callable[[], bool]) -> list[Received]:
        """Wait for a batch: as many records as are wanted, or what came within the window after the first.

        Nothing where it is told to stop, or where nothing has come for a second.
        """
        deadline = time.monotonic() + 1
        while not self._is_full(most, most_bytes) and not stop() and (left := deadline - time.monotonic()) > 0:
            was_empty = not self._buffer
            self._take(self._consumer.consume(most - len(self._buffer), min(PULSE, left)))
            if was_empty and self._buffer:
                deadline = time.monotonic() + window
        return [] if stop() else self._hand_out(most, most_bytes)

    def commit(self, records: Iterable[Received]) -> None:
        """Remember that records have been dealt with, and all before them. Raises KafkaError."""
        after: dict[int, int] = {}
        for record in records:
            after[record.partition] = max(after.get(record.partition, 0), record.offset + 1)
        places = [ck.TopicPartition(self._topic, partition, offset) for partition, offset in after.items()]
        if self._ask(lambda: self._committed(places)):
            self._reach(after)
        else:
            log.warning("%s: another member has its partitions now, and gets some records again", self._topic)

    def at_the_ends(self) -> bool:
        """Tell whether the group has dealt with all that the topic held when we came; asked between two batches.

        Where nothing follows, that is so though the last offsets hold no record: marks of transactions have offsets too.
        """
        if self._buffer:
            return False
        self._reach(self._followed_by_nothing)
        if behind := self._behind():
            places = [ck.TopicPartition(self._topic, partition) for partition in behind]
            known = self._ask(lambda: self._consumer.committed(places, timeout=kafka.PATIENCE))
            self._reach({at.partition: at.offset for at in known})
        return not self._behind()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._consumer.close()

    def _committed(self, places: list[ck.TopicPartition]) -> bool:
        """Commit; false where the group no longer counts on us."""
        try:
            self._consumer.commit(offsets=places, asynchronous=False)
        except ck.KafkaException as error:
            if error.args[0].code() in LOST:
                return False
            raise
        return True

    def _ask(self, question: Callable[[], T]) -> T:
        """Put a question again and again while the broker is away. Raises KafkaError."""
        return kafka._ask(self._brokers, question)

    def _behind(self) -> list[int]:
        return [partition for partition, end in self._ends.items() if self._reached.get(partition, 0) < end]

    def _is_full(self, most: int, most_bytes: int) -> bool:
        return len(self._buffer) >= most or sum(record.size for record in self._buffer) >= most_bytes

    def _hand_out(self, most: int, most_bytes: int) -> list[Received]:
        """Take records out of the buffer, at least one, at most so many and so large."""
        batch: list[Received] = []
        size = 0
        while self._buffer and len(batch) < most and (not batch or size + self._buffer[0].size <= most_bytes):
            size += self._buffer[0].size
            batch.append(self._buffer.popleft())
        return batch

    def _take(self, messages: Iterable[ck.Message]) -> None:
        for message in messages:
            fault = message.error()
            if fault is None:
                self._buffer.append(_received(message))
            elif fault.code() == ck.KafkaError._PARTITION_EOF:
                self._followed_by_nothing[message.partition() or 0] = message.offset() or 0
            elif fault.code() not in kafka.PASSING and not fault.retriable():
                raise KafkaError(f"{self._topic}: {fault.str()}")

    def _reach(self, offsets: Mapping[int, int]) -> None:
        for partition, offset in offsets.items():
            self._reached[partition] = max(self._reached.get(partition, 0), offset)

    def _forget(self, consumer: ck.Consumer, places: list[ck.TopicPartition]) -> None:
        gone = {place.partition for place in places}
        self._buffer = deque(record for record in self._buffer if record.partition not in gone)


def _received(message: ck.Message) -> Received:
    kind, at = message.timestamp()
    names = {ck.TIMESTAMP_CREATE_TIME: "CREATE_TIME", ck.TIMESTAMP_LOG_APPEND_TIME: "LOG_APPEND_TIME"}
    return Received(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=at,
        timestamp_type=names.get(kind, "NO_TIMESTAMP_TYPE"),
        key=message.key(),
        value=message.value(),
        headers=_headers(message),
    )


def _headers(message: ck.Message) -> tuple[tuple[str, bytes], ...]:
    """Give a record's headers; the client's type says less than it gives: pairs of a name and bytes."""
    given = cast(list[tuple[str, bytes | None]], message.headers() or [])
    return tuple((name, value or b"") for name, value in given)
