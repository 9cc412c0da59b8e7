"""Follow a topic from given offsets on, outside of any consumer group: who follows keeps the place, and commits none.

In: a topic, and the offset to begin with in each partition. Out: records as they come, in order within a partition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import confluent_kafka as ck

from mart.edges import doors, kafka

MOST = 1_000  # records taken at once


class Lost(kafka.KafkaError):
    """The topic no longer holds the records that come next."""


@dataclass(frozen=True)
class Record:
    """One record, and when it came to the topic [seconds since 1970]; by the broker's clock or, as the topic is set, the sender's."""

    partition: int
    offset: int
    value: bytes | None
    came_at: float


class Follower:
    """Follows a topic; `at` is the offset that comes next in each partition that records have come from."""

    def __init__(self, brokers: str, topic: str, start: Mapping[int, int]) -> None:
        """Begin; a partition that `start` does not name is read from the first record that it holds. Raises Unreachable, NoTopic."""
        self.topic, self.at = topic, dict(start)
        bounds = kafka.ends(brokers, topic)
        self._check(bounds)
        self._end = {partition: end for partition, (_, end) in bounds.items()}
        self._reader = ck.Consumer(_settings(brokers))
        begin = {partition: start.get(partition, first) for partition, (first, _) in bounds.items()}
        self._reader.assign([ck.TopicPartition(topic, partition, offset) for partition, offset in begin.items()])
        self.at = begin

    def take(self, patience: float) -> list[Record]:
        """Wait for records, `patience` seconds at most, and take what is there. Raises KafkaError where it can't go on."""
        first = self._reader.poll(patience)
        if first is None:
            return []
        found = [first, *self._reader.consume(MOST - 1, 0)]
        records = [self._record(message) for message in found if _sound(message)]
        self.at |= {record.partition: record.offset + 1 for record in records}
        return records

    @property
    def caught_up(self) -> bool:
        """Whether all records have been taken that were there when it began."""
        return all(self.at.get(partition, 0) >= end for partition, end in self._end.items())

    def close(self) -> None:
        self._reader.close()

    def _record(self, message: ck.Message) -> Record:
        partition, offset, (_, millis) = message.partition(), message.offset(), message.timestamp()
        assert partition is not None
        assert offset is not None
        return Record(partition, offset, message.value(), millis / 1000)

    def _check(self, bounds: Mapping[int, tuple[int, int]]) -> None:
        """Refuse to follow a topic that is another one, or that has forgotten what comes next."""
        for partition, offset in self.at.items():
            first, end = bounds.get(partition, (0, 0))
            if not first <= offset <= end:
                raise Lost(
                    f"{self.topic}, partition {partition}: the lake holds records up to offset {offset - 1}, the topic has "
                    f"{first} to {end - 1}; was it made anew? See what `mart run streaming/ingest_activity` says"
                )


def _sound(message: ck.Message) -> bool:
    """Tell a record from news of the connection, which mends itself. Raises KafkaError for what does not."""
    error = message.error()
    if error is None:
        return True
    if error.fatal() or error.code() in (ck.KafkaError._AUTO_OFFSET_RESET, ck.KafkaError.UNKNOWN_TOPIC_OR_PART):
        raise Lost(f"{message.topic()}: {error.str()}")
    return False


def _settings(brokers: str) -> dict[str, Any]:
    return doors.librdkafka(brokers) | {
        "group.id": "mart-follow",  # the client wants a name; nothing is ever committed
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 100,
        "log_level": 0,
        "reconnect.backoff.max.ms": 1000,
    }
