"""Consumer groups of Kafka that show how far our streams have come, so that Kafka's own tools see their lag.

What has landed decides where a stream goes on (delivery/positions); a group only tells. So a broker that refuses an offset, or is
away, holds no stream up: it is said once in the log, and told again.
"""

import atexit
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread

import confluent_kafka as ck
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from mart.edges import kafka

log = logging.getLogger(__name__)

LAST = 5.0  # seconds that a process that ends waits for the broker to note its last offsets
PAUSE = 2.0  # seconds before a broker that did not note an offset is told again


def ingesting(topic: str) -> str:
    """Name the group that shows how far a topic has landed."""
    return f"mart-ingest-{topic}"


def polling(topic: str) -> str:
    """Name the group that `mart poll` is."""
    return f"mart-poll-{topic}"


class Shown:
    """Shows how far a topic has landed, from a thread of its own: nobody waits for the broker."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers, self._topic, self._fault = brokers, topic, ""
        self._offsets: Mapping[int, int] = {}
        self._changed, self._told = Event(), Event()
        self._told.set()
        atexit.register(self._told.wait, LAST)  # a job that ends with its last micro-batch
        Thread(target=self._keep_on, name=f"offsets of {topic}", daemon=True).start()

    def show(self, offsets: Mapping[int, int]) -> None:
        """Say which offset comes next in each partition; it is told until the broker has it, or there is a newer one."""
        self._offsets = dict(offsets)
        self._told.clear()
        self._changed.set()

    def _keep_on(self) -> None:
        admin = kafka._admin(self._brokers)
        while True:
            self._changed.wait()
            self._changed.clear()
            try:
                self._tell(admin)
                self._fault = ""
                if not self._changed.is_set():
                    self._told.set()
            except ck.KafkaException as error:
                self._hear(error.args[0].str())
                time.sleep(PAUSE)
                self._changed.set()

    def _tell(self, admin: AdminClient) -> None:
        """Set the group's offsets; it has no members that could have others. Raises KafkaException."""
        places = [ck.TopicPartition(self._topic, partition, offset) for partition, offset in self._offsets.items()]
        group = ConsumerGroupTopicPartitions(ingesting(self._topic), places)
        asked = admin.alter_consumer_group_offsets([group], request_timeout=kafka.PATIENCE)
        for at in asked[group.group_id].result().topic_partitions or ():
            if at.error:
                raise ck.KafkaException(at.error)

    def _hear(self, said: str) -> None:
        if said != self._fault:
            log.warning("%s: the broker does not note how far it has landed: %s", self._topic, said)
        self._fault = said


@dataclass(frozen=True)
class Lag:
    """What a group has not taken yet of a topic."""

    records: int
    since: datetime | None  # when the oldest of them came


def lag(brokers: str, topic: str, group: str) -> Lag | None:
    """Tell what a group has not taken yet; None where it has never taken anything. Raises Unreachable, NoTopic, KafkaError."""
    ends = kafka.ends(brokers, topic)
    taken = _taken(brokers, topic, group, ends)
    if not taken:
        return None
    behind = {at: (taken.get(at, begin), end) for at, (begin, end) in ends.items() if taken.get(at, begin) < end}
    came = list(_came(brokers, topic, {at: max(first, ends[at][0]) for at, (first, _) in behind.items()}))
    return Lag(sum(end - first for first, end in behind.values()), min(came, default=None))


def _taken(brokers: str, topic: str, group: str, partitions: Iterable[int]) -> dict[int, int]:
    """Give the offset that a group takes next, for each partition of which it has taken any.

    A consumer of that name is asked, who never joins: librdkafka 2.16 ends the process where its admin client hears that a group's
    coordinator has moved.
    """
    places = [ck.TopicPartition(topic, partition) for partition in partitions]
    with kafka._reader(brokers, group) as reader:
        found = kafka._ask(brokers, lambda: reader.committed(places, timeout=kafka.PATIENCE))
    return {at.partition: at.offset for at in found if at.offset >= 0}


def _came(brokers: str, topic: str, offsets: Mapping[int, int]) -> Iterator[datetime]:
    """Tell when the record at each offset came to its partition."""
    for partition, offset in offsets.items():
        with kafka._reader(brokers) as reader:
            reader.assign([ck.TopicPartition(topic, partition, offset)])
            _, milliseconds = kafka._ask(brokers, partial(kafka._next, reader)).timestamp()
            yield datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
