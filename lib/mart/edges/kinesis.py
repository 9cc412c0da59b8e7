"""AWS Kinesis without Spark: an outlet for collected events.

In: keys and payloads of one request. Out: a future that ends when the stream has every one of them, or fails with Busy. A key
has one shard at a time, so one shopper's events stay in order unless some of a lot are tried again.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.edges.collecting import PATIENCE, PAUSE, Busy, Lot
from mart.settings import Settings

AT_ONCE = 8  # requests on their way
MOST_RECORDS, MOST_BYTES = 500, 5_000_000  # of one PutRecords: 5 MiB, keys included
LONGEST_KEY = 256  # characters
FIRST_PAUSE = 0.1  # seconds before a second try; doubles each time

Entry = dict[str, Any]


class KinesisOutlet:
    """A stream; what it throttles is tried again for `patience` seconds, then its sender is told to come again."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._stream, self._patience, self._most = settings.kinesis.activity, patience, settings.api.most_waiting
        how = Config(
            retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=patience, max_pool_connections=AT_ONCE
        )
        endpoint = settings.aws.endpoint_url or None
        self._client = boto3.client("kinesis", region_name=settings.aws.region, endpoint_url=endpoint, config=how)
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
            for part in _parts([_entry(key, payload) for key, payload in lot]):
                self._put(part)
        finally:
            with self._lock:
                self.waiting -= len(lot)

    def _put(self, entries: list[Entry]) -> None:
        """Put entries, those that were not taken again and again. Raises Busy."""
        deadline, pause, said = time.monotonic() + self._patience, FIRST_PAUSE, ""
        while entries and time.monotonic() < deadline:
            entries, said = self._once(entries)
            if entries:
                time.sleep(pause)
                pause *= 2
        if entries:
            raise Busy(f"not every event was confirmed: Kinesis stream {self._stream}: {said}")

    def _once(self, entries: list[Entry]) -> tuple[list[Entry], str]:
        """Put entries; give back those that were not taken, and why not."""
        try:
            answer = self._client.put_records(StreamName=self._stream, Records=entries)
        except (BotoCoreError, ClientError) as error:
            return entries, str(error)
        pairs = list(zip(entries, answer["Records"], strict=True))
        codes = [str(one["ErrorCode"]) for one in answer["Records"] if one.get("ErrorCode")]
        return [entry for entry, one in pairs if one.get("ErrorCode")], codes[0] if codes else ""

    def _look(self) -> None:
        """Ask for the stream, and say what is the matter if there is none."""
        self._looked, self._fault = time.monotonic(), ""
        try:
            summary = self._client.describe_stream_summary(StreamName=self._stream)["StreamDescriptionSummary"]
            if summary["StreamStatus"] not in ("ACTIVE", "UPDATING"):
                self._fault = f"Kinesis stream {self._stream} is {summary['StreamStatus']}: wait until it is active"
        except (BotoCoreError, ClientError) as error:
            self._fault = (
                f"Kinesis stream {self._stream!r} can't be reached ({error}): see [kinesis] and [aws] in the settings"
            )


def _entry(key: bytes, payload: bytes) -> Entry:
    return {"Data": payload, "PartitionKey": key.decode(errors="replace")[:LONGEST_KEY] or "-"}


def _parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Cut entries into requests that Kinesis takes."""
    part, size = list[Entry](), 0
    for entry in entries:
        weight = len(entry["Data"]) + 4 * len(entry["PartitionKey"])
        if part and (len(part) == MOST_RECORDS or size + weight > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(entry)
        size += weight
    if part:
        yield part
