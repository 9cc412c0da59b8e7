"""AWS Kinesis without Spark: putting records, and an outlet for collected events.

In: keys and payloads. Out: the stream's word that it has every one of them; of the outlet, a future that fails with Busy where it has not. A key
has one shard at a time, so one shopper's events stay in order unless some of a lot are tried again.
"""

import math
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from botocore.client import BaseClient

from mart.edges import aws, kafka, producing
from mart.edges.aws import PASSING, AwsError
from mart.edges.collecting import PATIENCE, PAUSE, Busy, Lot
from mart.settings import Settings

AT_ONCE = 8  # requests on their way
MOST_RECORDS, MOST_BYTES = 500, 5_000_000  # of one PutRecords: 5 MiB, keys included
LONGEST_KEY = 256  # characters
DELIVERY = 120.0  # seconds that a record is tried where nobody waits for an answer
LINGER = 0.5  # seconds that a record waits for others
FIRST_PAUSE = 0.1  # seconds before a second try; doubles each time

LARGEST = 1_048_576  # bytes of a record

Entry = dict[str, Any]


class NotPublished(RuntimeError):
    """Records did not reach the stream; the message says why."""


class KinesisOutlet:
    """A stream; what it throttles is tried again for `patience` seconds, then its sender is told to come again."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._stream, self._patience, self._most = settings.kinesis.activity, patience, settings.api.most_waiting
        self._client = _client(settings, patience)
        self._pool = ThreadPoolExecutor(AT_ONCE, "kinesis")
        self._lock, self._fault, self._looked = threading.Lock(), "the collector has not been started", 0.0
        self.waiting = 0

    def start(self) -> None:
        self._look()

    def stop(self) -> None:
        self._pool.shutdown(wait=True)

    def lacks(self) -> list[str]:
        if self._fault and time.monotonic() - self._looked > PAUSE:
            self._look()
        return [self._fault] if self._fault else []

    def send(self, lot: Lot) -> "Future[None]":
        if self.lacks():
            raise Busy(f"nothing was taken in: {self._fault}")
        with self._lock:
            if self.waiting + len(lot) > self._most:
                raise Busy(f"nothing was taken in: {self.waiting:,} events wait for the stream's word already")
            self.waiting += len(lot)
        return self._pool.submit(self._send, lot)

    def _send(self, lot: Lot) -> None:
        try:
            for part in _parts(lot):
                _put(self._client, self._stream, part, self._patience)
        except NotPublished as error:
            raise Busy(str(error)) from None
        finally:
            with self._lock:
                self.waiting -= len(lot)

    def _look(self) -> None:
        """Ask for the stream, and say what is the matter if there is none."""
        self._looked, self._fault = time.monotonic(), ""
        try:
            answer = aws.ask(self._client, "describe_stream_summary", StreamName=self._stream)
            summary = answer["StreamDescriptionSummary"]
            if summary["StreamStatus"] not in ("ACTIVE", "UPDATING"):
                self._fault = f"Kinesis stream {self._stream} is {summary['StreamStatus']}: wait until it is active"
        except AwsError as error:
            self._fault = (
                f"Kinesis stream {self._stream!r} can't be reached ({error}): see [kinesis] and [aws] in the settings"
            )


def publish(settings: Settings, records: Iterable[kafka.Record], rate: float | None = None) -> int:
    """Put (key, value) records, at most `rate` a second; return their number once the stream has them all. Raises NotPublished."""
    name, sent = settings.kinesis.activity, 0
    if not name:
        raise NotPublished("no stream is named: set kinesis.activity (MART_KINESIS__ACTIVITY)")
    client = _client(settings, DELIVERY)
    for part in _parts(records if rate is None else producing.paced(records, rate), LINGER):
        _put(client, name, part, DELIVERY)
        sent += len(part)
    return sent


def _client(settings: Settings, patience: float) -> BaseClient:
    """Make a client that tries once: what is to be tried again `_put` alone knows."""
    return aws.client("kinesis", settings.aws, tries=1, timeouts=(2, patience))


def _put(client: BaseClient, stream: str, entries: list[Entry], patience: float) -> None:
    """Put entries, those that were not taken again and again. Raises NotPublished."""
    deadline, pause, said = time.monotonic() + patience, FIRST_PAUSE, ""
    while entries and time.monotonic() < deadline:
        entries, said = _once(client, stream, entries)
        if entries:
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause *= 2
    if entries:
        raise NotPublished(f"not every event was confirmed: Kinesis stream {stream}: {said}")


def _once(client: BaseClient, stream: str, entries: list[Entry]) -> tuple[list[Entry], str]:
    """Put entries; give back those that were not taken, and why not."""
    try:
        answer = aws.ask(client, "put_records", StreamName=stream, Records=entries)
    except AwsError as error:
        if error.code and error.code not in PASSING:  # without a code it is the network
            raise NotPublished(f"Kinesis stream {stream} takes nothing: {error}") from None
        return entries, str(error)
    pairs = list(zip(entries, answer["Records"], strict=True))
    codes = [str(one["ErrorCode"]) for one in answer["Records"] if one.get("ErrorCode")]
    return [entry for entry, one in pairs if one.get("ErrorCode")], codes[0] if codes else ""


def _parts(records: Iterable[kafka.Record], linger: float = math.inf) -> Iterator[list[Entry]]:
    """Cut records into requests that Kinesis takes, each begun at most `linger` seconds before the newest record came."""
    part, size, began = list[Entry](), 0, time.monotonic()
    for key, payload in records:
        entry = {"Data": payload or b"", "PartitionKey": (key or b"").decode(errors="replace")[:LONGEST_KEY] or "-"}
        if len(entry["Data"]) > LARGEST:
            raise NotPublished(
                f"a record has {len(entry['Data']):,} bytes, Kinesis takes {LARGEST:,}: what came before it was sent"
            )
        weight = len(entry["Data"]) + 4 * len(entry["PartitionKey"])
        full = len(part) == MOST_RECORDS or size + weight > MOST_BYTES
        if part and (full or time.monotonic() - began > linger):
            yield part
            part, size, began = [], 0, time.monotonic()
        part.append(entry)
        size += weight
    if part:
        yield part
