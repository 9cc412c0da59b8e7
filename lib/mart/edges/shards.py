"""The shards of a Kinesis stream: which there are, how far each reaches, and the records between two places of one.

In: a stream, and for each shard the place up to which it has been read. Out: records with their ordinals. A place names the
last record read by its sequence number, which Kinesis knows, and the next ordinal, which is ours: records of a shard are
counted from 0 in the order in which Kinesis gives them, so that a gap shows as in Kafka. No Spark.
"""

import base64
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import boto3
from aws_kinesis_agg.deaggregator import iter_deaggregate_records
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Settings

MOST = 10_000  # records of one GetRecords
PAUSE = 0.2  # seconds between two reads of a shard: Kinesis allows five a second
THROTTLED = ("ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException")
PATIENCE = 60.0  # seconds that throttling may last


@dataclass(frozen=True)
class Place:
    """How far a shard has been read."""

    after: str = ""  # sequence number of the last record of the stream; empty before the first
    next: int = 0  # ordinal of the record that comes next
    ended: bool = False  # the shard was split or merged, and this is its end


@dataclass(frozen=True)
class Record:
    """What one sender put: a record of the stream, or one of those that a producer library packed into it."""

    ordinal: int
    sequence: str  # of the stream's record
    key: str
    data: bytes
    came_at: float  # to the stream, about [seconds since 1970]


class Stream:
    """A stream as a reader of GetRecords sees it."""

    def __init__(self, name: str, region: str, endpoint_url: str = "") -> None:
        self.name = name
        how = Config(retries={"mode": "standard", "total_max_attempts": 8})
        self._client: Any = boto3.client("kinesis", region_name=region, endpoint_url=endpoint_url or None, config=how)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Open the stream that carries activity."""
        return cls(settings.kinesis.activity, settings.aws.region, settings.aws.endpoint_url)

    def shards(self) -> dict[str, tuple[str, ...]]:
        """List the shards that still hold records, closed ones too, each with its parents."""
        found, asked = dict[str, tuple[str, ...]](), {"StreamName": self.name}
        while asked:
            with self._told():
                page = self._client.list_shards(**asked)
            for one in page["Shards"]:
                parents = (one.get("ParentShardId"), one.get("AdjacentParentShardId"))
                found[one["ShardId"]] = tuple(name for name in parents if name)
            asked = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
        return found

    def walk(self, shard: str, place: Place, most: int) -> Place:
        """Go on from a place by some `most` records, packed ones whole, at most to what is there now."""
        first = place.next
        for records, ended in self._pages(shard, place.after, most):
            for record in records:
                if place.next - first >= most:
                    return place
                place = Place(record["SequenceNumber"], place.next + sum(1 for _ in unpacked(record)))
            if ended:
                return Place(place.after, place.next, ended=True)
        return place

    def read(self, shard: str, begin: Place, end: Place) -> Iterator[Record]:
        """Give the records from one place to another. Raises Gone where they are no longer there."""
        ordinal = begin.next
        if ordinal == end.next:
            return
        for records, _ in self._pages(shard, begin.after, MOST):
            for record in records:
                for key, data in unpacked(record):
                    yield Record(ordinal, record["SequenceNumber"], key, data, _came_at(record))
                    ordinal += 1
                if record["SequenceNumber"] == end.after:
                    break
            if ordinal >= end.next:
                break
        if ordinal != end.next:
            raise Gone(
                f"{self.name}, {shard}: {end.next - begin.next} records were there a moment ago, {ordinal - begin.next} are now"
            )

    def page(self, shard: str, place: Place) -> tuple[list[Record], bool, bool]:
        """Read one page on from a place: its records, whether the shard ends with it, and whether more is there already."""
        page = self._patiently(self._iterator(shard, place.after), MOST)
        packed = ((record, key, data) for record in page["Records"] for key, data in unpacked(record))
        records = [
            Record(ordinal, record["SequenceNumber"], key, data, _came_at(record))
            for ordinal, (record, key, data) in enumerate(packed, start=place.next)
        ]
        return records, not page.get("NextShardIterator"), bool(page["MillisBehindLatest"])

    def age(self, shard: str, place: Place) -> float:
        """Tell how long the oldest record after a place has waited; 0 where none does [seconds]."""
        found = self._patiently(self._iterator(shard, place.after), 1)["Records"]
        return max(0.0, time.time() - _came_at(found[0])) if found else 0.0

    def holds(self, shard: str, sequence: str) -> bool:
        """Tell whether a record is still there: if it is, none after it has expired either."""
        how = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": sequence}
        try:
            at = self._client.get_shard_iterator(StreamName=self.name, ShardId=shard, **how)["ShardIterator"]
        except self._client.exceptions.InvalidArgumentException:
            return False
        found = self._patiently(at, 1)["Records"]
        return bool(found) and found[0]["SequenceNumber"] == sequence

    def _pages(self, shard: str, after: str, most: int) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Read on after a sequence number: pages of records, and whether the shard ends with one. Ends where there is no more now."""
        at = self._iterator(shard, after)
        while at:
            page = self._patiently(at, min(MOST, most))
            at = page.get("NextShardIterator")
            yield page["Records"], at is None
            if not page["Records"] and not page["MillisBehindLatest"]:
                return
            if at:
                time.sleep(PAUSE if not page["Records"] else 0)

    def _iterator(self, shard: str, after: str) -> str:
        how = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        how = how if after else {"ShardIteratorType": "TRIM_HORIZON"}
        with self._told():
            found = self._client.get_shard_iterator(StreamName=self.name, ShardId=shard, **how)
        return str(found["ShardIterator"])

    def _patiently(self, iterator: str, most: int) -> Any:  # noqa: ANN401 boto3's answers
        """Read a page; throttling is waited for. Raises StreamError."""
        deadline = time.monotonic() + PATIENCE
        with self._told():
            while True:
                try:
                    return self._client.get_records(ShardIterator=iterator, Limit=most)
                except ClientError as error:
                    if error.response["Error"]["Code"] not in THROTTLED or time.monotonic() > deadline:
                        raise
                time.sleep(PAUSE * 5)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what boto3 raises into a sentence that says what to do."""
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            said = f"Kinesis stream {self.name!r} can't be read ({error})"
            raise StreamError(f"{said}: see [kinesis] and [aws] in the settings") from None


def numbered(shard: str) -> int:
    """Give the number in a shard's name, as `shardId-000000000012` has it; a partition of a topic is its own."""
    return int(shard.rpartition("-")[2])


class StreamError(RuntimeError):
    """The stream can't be read; the message says what to do."""


class Gone(StreamError):
    """Records that were there are not any more; the message says which."""


def unpacked(record: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give what was put: (key, data) of the record itself, or of each that the Kinesis Producer Library packed into it."""
    for one in iter_deaggregate_records([dict(record)], data_format="Boto3"):
        said = one["kinesis"]
        data = said["data"]
        yield said["partitionKey"], base64.b64decode(data) if said.get("aggregated") else data


def open_shards(listed: Mapping[str, tuple[str, ...]], places: Mapping[str, Place]) -> list[str]:
    """Name the shards that can be read on: those not read to their end whose parents, as far as they are listed, have been."""
    done = {name for name, place in places.items() if place.ended}
    ready = {name for name, parents in listed.items() if all(one in done or one not in listed for one in parents)}
    return sorted(ready - done)


def forth(stream: Stream, places: Mapping[str, Place], most: int) -> dict[str, Place]:
    """Tell how far every shard may be read now, some `most` records together. A child waits until its parents have ended."""
    open_ = open_shards(stream.shards(), places)
    share = max(1, most // max(1, len(open_)))
    with ThreadPoolExecutor(max(1, min(16, len(open_)))) as pool:
        walked = pool.map(lambda name: stream.walk(name, places.get(name, Place()), share), open_)
        return {**places, **dict(zip(open_, walked, strict=True))}


def _came_at(record: Mapping[str, Any]) -> float:
    at = record["ApproximateArrivalTimestamp"]
    return float(at.timestamp() if hasattr(at, "timestamp") else at)
