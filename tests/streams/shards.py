"""A Kinesis that splits and merges shards as AWS documents it; moto's closed shards go on taking records.

GetRecords of a closed shard ends with no NextShardIterator; children begin empty; sequence numbers only ever grow.
"""

import itertools
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import md5
from threading import Lock
from typing import Any

from tests.kinesis import answering, json_of

KEYS = 2**128


@dataclass
class Shard:
    """A range of hashed keys, from `low` up to but without `high`."""

    name: str
    low: int
    high: int
    parents: list[str] = field(default_factory=list)
    closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


class Kinesis:
    """One stream."""

    def __init__(self, shards: int) -> None:
        self._numbers, self._names, self._lock = itertools.count(1), itertools.count(), Lock()
        edges = [KEYS * n // shards for n in range(shards + 1)]
        self.shards = [self._shard(low, high, []) for low, high in itertools.pairwise(edges)]

    def split(self, name: str) -> None:
        with self._lock:
            one = self._close(name)
            middle = (one.low + one.high) // 2
            self.shards += [self._shard(one.low, middle, [name]), self._shard(middle, one.high, [name])]

    def merge(self, name: str, adjacent: str) -> None:
        with self._lock:
            one, other = self._close(name), self._close(adjacent)
            assert one.high == other.low
            self.shards.append(self._shard(one.low, other.high, [name, adjacent]))

    def expire(self, name: str) -> None:
        """Forget a closed shard, whose records are older than the stream keeps them."""
        with self._lock:
            self.shards = [shard for shard in self.shards if shard.name != name]

    def answer(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return {
                "ListShards": self._list,
                "PutRecords": self._put,
                "GetShardIterator": self._iterator,
                "GetRecords": self._get,
            }[action](asked)  # fmt: skip

    def _list(self, _: dict[str, Any]) -> dict[str, Any]:
        names = ("ParentShardId", "AdjacentParentShardId")
        return {"Shards": [{"ShardId": one.name, **dict(zip(names, one.parents, strict=False))} for one in self.shards]}

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        said = []
        for record in asked["Records"]:
            hashed = int(md5(record["PartitionKey"].encode(), usedforsecurity=False).hexdigest(), 16)
            [shard] = [one for one in self.shards if not one.closed and one.low <= hashed < one.high]
            number = f"{49 * 10**54 + next(self._numbers)}"
            shard.records.append(record | {"SequenceNumber": number, "ApproximateArrivalTimestamp": 1.8e9})
            said.append({"SequenceNumber": number, "ShardId": shard.name})
        return {"FailedRecordCount": 0, "Records": said}

    def _iterator(self, asked: dict[str, Any]) -> dict[str, Any]:
        shard, kind, number = (
            self._find(asked["ShardId"]),
            asked["ShardIteratorType"],
            asked.get("StartingSequenceNumber"),
        )
        place = 0
        if kind != "TRIM_HORIZON":
            numbers = [record["SequenceNumber"] for record in shard.records]
            assert number in numbers
            place = numbers.index(number) + (kind == "AFTER_SEQUENCE_NUMBER")
        return {"ShardIterator": f"{shard.name}/{place}"}

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        name, place = asked["ShardIterator"].split("/")
        shard, begin = self._find(name), int(place)
        found = shard.records[begin : begin + asked.get("Limit", 10_000)]
        end = begin + len(found)
        more = not shard.closed or end < len(shard.records)
        behind = 0 if end == len(shard.records) else 1_000
        return {
            "Records": found,
            "MillisBehindLatest": behind,
            **({"NextShardIterator": f"{name}/{end}"} if more else {}),
        }

    def _find(self, name: str) -> Shard:
        return next(one for one in self.shards if one.name == name)

    def _close(self, name: str) -> Shard:
        shard = self._find(name)
        shard.closed = True
        return shard

    def _shard(self, low: int, high: int, parents: list[str]) -> Shard:
        return Shard(f"shardId-{next(self._names):012}", low, high, parents)


def serving(kinesis: Kinesis) -> AbstractContextManager[str]:
    """Serve a stream on a port of its own; give the address."""
    return answering(lambda action, body, _: json_of(kinesis.answer(action, json.loads(body))))
