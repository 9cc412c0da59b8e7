"""Records of a Kinesis stream as their senders put them: unpacked, and counted.

In: what GetRecords gives. Out: records with their ordinals, in the order in which Kinesis gives them. No Spark, no network.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_kinesis_agg import MAGIC
from aws_kinesis_agg.deaggregator import iter_deaggregate_records


@dataclass(frozen=True, slots=True)
class Record:
    """What one sender put: a record of the stream, or one of those that a producer library packed into it."""

    ordinal: int
    sequence: str  # of the stream's record
    key: str
    data: bytes
    came_at: float  # to the stream, about [seconds since 1970]


def counted(records: Iterable[Mapping[str, Any]], first: int) -> list[Record]:
    """Count what senders put from `first` on."""
    every = ((record, key, data) for record in records for key, data in _unpacked(record))
    return [
        Record(ordinal, record["SequenceNumber"], key, data, came_at(record))
        for ordinal, (record, key, data) in enumerate(every, start=first)
    ]


def came_at(record: Mapping[str, Any]) -> float:
    """Tell when a record came to the stream, about [seconds since 1970]."""
    at = record["ApproximateArrivalTimestamp"]
    return float(at.timestamp() if hasattr(at, "timestamp") else at)


def _unpacked(record: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give (key, data) of the record itself, or of each that the Kinesis Producer Library packed into it."""
    if not record["Data"].startswith(MAGIC):  # most often: the library would look at each record from all sides
        yield record["PartitionKey"], record["Data"]
        return
    for one in iter_deaggregate_records([dict(record)], data_format="Boto3"):
        said = one["kinesis"]
        yield said["partitionKey"], base64.b64decode(said["data"]) if said.get("aggregated") else said["data"]
