"""The shards of a Kinesis stream: which there are, how far each reaches, and the records between two places of one.

In: a stream, and for each shard the place up to which it has been read. Out: records with their ordinals. A place names the
last record read by its sequence number, which Kinesis knows, and the next ordinal, which is ours: records of a shard are
counted from 0 in the order in which Kinesis gives them, so that a gap shows as in Kafka. No Spark.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from mart.edges import aws
from mart.edges.aws import PASSING, AwsError
from mart.edges.kinesis_records import Record, came_at, counted
from mart.settings import Aws, Settings

MOST = 10_000  # records of one GetRecords
PAUSE = 0.2  # seconds between two reads of a shard: Kinesis allows five a second
PATIENCE = 60.0  # seconds that throttling may last


@dataclass(frozen=True)
class Place:
    """How far a shard has been read."""

    after: str = ""  # sequence number of the last record of the stream; empty before the first
    next: int = 0  # ordinal of the record that comes next
    ended: bool = False  # the shard was split or merged, and this is its end


class Stream:
    """A stream as a reader of GetRecords sees it."""

    def __init__(self, name: str, region: str, endpoint_url: str = "") -> None:
        self.name = name
        self._client = aws.client("kinesis", Aws(region=region, endpoint_url=endpoint_url), tries=8)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Open the stream that carries activity."""
        return cls(settings.kinesis.activity, settings.aws.region, settings.aws.endpoint_url)

    def shards(self) -> dict[str, tuple[str, ...]]:
        """List the shards that still hold records, closed ones too, each with its parents."""
        found, asked = dict[str, tuple[str, ...]](), {"StreamName": self.name}
        while asked:
            page = self._ask("list_shards", **asked)
            for one in page["Shards"]:
                parents = (one.get("ParentShardId"), one.get("AdjacentParentShardId"))
                found[one["ShardId"]] = tuple(name for name in parents if name)
            asked = {"NextToken": page["NextToken"]} if page.get("NextToken") else {}
        return found

    def onward(self, shard: str, place: Place, most: int) -> Iterator[tuple[list[Record], Place]]:
        """Go on from a place by some `most` records, packed ones whole, at most to what is there now.

        Gives pages of records, each with the place after it.
        """
        first = place.next
        for page, ended in self._pages(shard, place.after, most):
            records = list[Record]()
            for record in page:
                if place.next - first >= most:
                    break
                some = counted([record], place.next)
                records += some
                place = Place(record["SequenceNumber"], place.next + len(some))
            else:
                place = replace(place, ended=ended)
            yield records, place
            if place.next - first >= most:
                return

    def read(self, shard: str, begin: Place, end: Place) -> Iterator[list[Record]]:
        """Give the records from one place to another, in pages. Raises Gone where they are no longer there."""
        if begin.next == end.next:
            return
        place = begin
        for records, further in self.onward(shard, begin, end.next - begin.next):
            yield records
            place = further
        if (place.after, place.next) != (end.after, end.next):
            there, now = end.next - begin.next, place.next - begin.next
            raise Gone(f"{self.name}, {shard}: {there} records were there a moment ago, {now} are now")

    def page(self, shard: str, place: Place) -> tuple[list[Record], bool, bool]:
        """Read one page on from a place: its records, whether the shard ends with it, and whether more is there already."""
        page = self._patiently(self._iterator(shard, place.after), MOST)
        return counted(page["Records"], place.next), not page.get("NextShardIterator"), bool(page["MillisBehindLatest"])

    def age(self, shard: str, place: Place) -> float:
        """Tell how long the oldest record after a place has waited; 0 where none does [seconds]."""
        found = self._patiently(self._iterator(shard, place.after), 1)["Records"]
        return max(0.0, time.time() - came_at(found[0])) if found else 0.0

    def holds(self, shard: str, sequence: str) -> bool:
        """Tell whether a record is still there: if it is, none after it has expired either."""
        how = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": sequence}
        try:
            at = self._ask("get_shard_iterator", StreamName=self.name, ShardId=shard, **how)["ShardIterator"]
        except StreamError as error:
            if error.code == "InvalidArgumentException":
                return False
            raise
        found = self._patiently(at, 1)["Records"]
        return bool(found) and found[0]["SequenceNumber"] == sequence

    def _pages(self, shard: str, after: str, most: int) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Read on after a sequence number: pages of records, and whether the shard ends with one. Ends where there is no more now."""
        at: str | None = self._iterator(shard, after)
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
        return str(self._ask("get_shard_iterator", StreamName=self.name, ShardId=shard, **how)["ShardIterator"])

    def _patiently(self, iterator: str, most: int) -> dict[str, Any]:
        """Read a page; throttling is waited for. Raises StreamError."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._ask("get_records", ShardIterator=iterator, Limit=most)
            except StreamError as error:
                if error.code not in PASSING or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE * 5)

    def _ask(self, operation: str, **call: object) -> dict[str, Any]:
        try:
            return aws.ask(self._client, operation, **call)
        except AwsError as error:
            said = f"Kinesis stream {self.name!r} can't be read ({error})"
            raise StreamError(f"{said}: see [kinesis] and [aws] in the settings", error.code) from None


def numbered(shard: str) -> int:
    """Give the number in a shard's name, as `shardId-000000000012` has it; a partition of a topic is its own."""
    return int(shard.rpartition("-")[2])


class StreamError(AwsError):
    """The stream can't be read; the message says what to do."""


class Gone(StreamError):
    """Records that were there are not any more; the message says which."""


def open_shards(listed: Mapping[str, tuple[str, ...]], places: Mapping[str, Place]) -> list[str]:
    """Name the shards that can be read on: those not read to their end whose parents, as far as they are listed, have been."""
    done = {name for name, place in places.items() if place.ended}
    ready = {name for name, parents in listed.items() if all(one in done or one not in listed for one in parents)}
    return sorted(ready - done)
