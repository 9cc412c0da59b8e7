"""The topic's, or the stream's, part of what is known: a thread that follows activity and takes each event into the overlay as it comes.

In: records of `kafka.activity`, from the offsets on that the lake's version does not hold. Out: events in `Recent`. What
ingest would reject is passed over: both judge by the same rules (mart/activity.py).
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Event as Signal
from threading import Thread

from mart import activity
from mart.api import measures
from mart.api.acts import Event
from mart.api.base import micros
from mart.api.recent import Recent
from mart.edges.following import Follower, Record
from mart.edges.following_shards import ShardFollower
from mart.edges.kafka import KafkaError
from mart.edges.shards import Place, Stream, StreamError
from mart.schema.rows import Fault
from mart.settings import Settings

PATIENCE = 0.2  # seconds between two looks at whether it is time to stop
FAULTS = (KafkaError, StreamError)
RETRY = 2.0  # seconds after which a broker that is away is asked again


class Tail:
    """Follows the topic. `fault` says why it does not, where it does not."""

    def __init__(self, settings: Settings, recent: Recent) -> None:
        self._settings, self._recent = settings, recent
        self._stopped = Signal()
        self._thread: Thread | None = None
        self._places: Callable[[], Mapping[str, Place]] = dict
        self._shards: ShardFollower | None = None
        self.fault = ""
        self.caught_up = False

    def start(self, begin: Mapping[int, int], places: Callable[[], Mapping[str, Place]] = dict) -> None:
        """Begin at offsets, or at the places of a stream's shards."""
        self._places = places
        self._thread = Thread(target=self._run, args=(begin,), name="tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def lacks(self) -> list[str]:
        """Say why what is known does not reach up to the topic's end; nothing where it does."""
        if self._thread and not self._thread.is_alive():
            return ["following the topic has ended with a defect: the log says more, a restart begins anew"]
        return [] if self.caught_up else [self.fault or "the topic is being read up to its end"]

    def _run(self, begin: Mapping[int, int]) -> None:
        """Follow until told to stop. A broker that is away is waited for; records that are gone are not."""
        at = dict(begin)
        while not self._stopped.is_set():
            try:
                follower = self._follower(at)
            except FAULTS as error:
                self.fault = str(error)
                self._stopped.wait(RETRY)
                continue
            self.fault = ""
            try:
                self._follow(follower)
            except FAULTS as error:
                self.fault, self.caught_up = str(error), False
                self._stopped.wait(RETRY)
            at = follower.at
            follower.close()

    def _follower(self, at: Mapping[int, int]) -> Follower | ShardFollower:
        """Follow the topic, or the stream: that one keeps its place itself, whatever happens on the way."""
        kafka = self._settings.kafka
        if not self._settings.kinesis.activity:
            return Follower(kafka.brokers, kafka.activity, at)
        if self._shards is None:
            self._shards = ShardFollower(Stream.of(self._settings), self._places())
        return self._shards

    def _follow(self, follower: Follower | ShardFollower) -> None:
        while not self._stopped.is_set():
            records = follower.take(PATIENCE)
            self.take(records)
            self.caught_up = self.caught_up or follower.caught_up

    def take(self, records: list[Record]) -> None:
        """Take records into the overlay."""
        now = datetime.now(UTC)
        events = [event for record in records if (event := read(record, self._settings, now))]
        self._recent.take(events, micros(now))
        done = time.time()
        for record in records:
            measures.AGE.observe(max(0.0, done - record.came_at))


def read(record: Record, settings: Settings, now: datetime) -> Event | None:
    """Read what the overlay needs of a record; None where it is no event."""
    try:
        said = activity.read(record.value, settings.ingest, now)
    except Fault:
        return None
    at = activity.instant(said["event_at"])
    if at is None:  # a year that Python's calendar lacks
        return None
    names = ("event_id", "event_type", "product_id", "user_id", "session_id", "recommendation_id")
    identity, kind, product, user, session, recommendation = (activity.text(said, name) for name in names)
    assert identity is not None
    assert kind is not None
    assert product is not None
    pieces = int(float(said["quantity"])) if activity.given(said, "quantity") else 1
    place = (record.partition, record.offset)
    return Event(identity, micros(at), kind, product, user, session, pieces, recommendation, _position(said), *place)


def _position(said: activity.Pieces) -> int | None:
    """Read the place in a list of recommendations from the properties, where it may be a number or a text."""
    noted = json.loads(said["properties"]) if activity.given(said, "properties") else {}
    position = str(noted.get("position", ""))
    return int(position) if position.isdecimal() else None
