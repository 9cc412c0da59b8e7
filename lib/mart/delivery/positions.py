"""Where landing stands: the last landed offset of each source partition, and what may come next."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import lake
from mart.schema import Table
from mart.settings import Settings

Partition = tuple[str, str]  # source, partition


class Refused(RuntimeError):
    """Records that can't follow what has landed; the message says how to go on."""


@dataclass(frozen=True)
class Range:
    """The offsets of one source partition in one micro-batch, both ends included."""

    partition: Partition
    first: int
    last: int
    records: int


class Positions:
    """The last landed offset of each source partition: read once at start, then kept in memory."""

    def __init__(self, spark: SparkSession, settings: Settings, landing: Table, topic: str) -> None:
        places = lake.read(spark, settings, landing).groupBy("source", "partition")
        landed = places.agg(F.max("offset").alias("last"))
        self._topic = topic
        self.last: dict[Partition, int] = {(r["source"], r["partition"]): int(r["last"]) for r in landed.collect()}

    def next_offset(self, partition: Partition) -> int:
        return self.last.get(partition, -1) + 1

    def begin(self, partition: Partition, first: int) -> None:
        """Say where a partition begins that has never landed: a checkpoint that is ahead of it is a gap."""
        self.last.setdefault(partition, first - 1)

    def has_new(self, found: Range) -> bool:
        """Tell whether some of the records have not landed."""
        return found.last >= self.next_offset(found.partition)

    def beyond(self, records: DataFrame, ranges: Iterable[Range]) -> DataFrame:
        """Keep the records that have not landed. Raises Refused for a gap or a repeat inside the batch."""
        overlapping = []
        for found in ranges:
            self._check(found)
            if found.first < self.next_offset(found.partition):
                overlapping.append(found.partition)
        for source, partition in overlapping:
            here = (F.col("source") == source) & (F.col("partition") == partition)
            records = records.where(~here | (F.col("offset").cast("bigint") > self.last[source, partition]))
        return records

    def advance(self, ranges: Iterable[Range]) -> None:
        """Remember what has landed now."""
        for found in ranges:
            self.last[found.partition] = max(found.last, self.last.get(found.partition, -1))

    def _check(self, found: Range) -> None:
        source, partition = found.partition
        place = f"{source}, partition {partition}"
        if source.startswith("requeue:"):  # a requeue carries the coordinates of rejects, which have gaps
            return
        if found.last - found.first + 1 != found.records:
            raise Refused(
                f"{place}: {found.records} records between the offsets {found.first} and {found.last}; a compacted or "
                "transactional topic can't be followed without gaps: use a plain one"
            )
        # One that we have not heard of may begin anywhere: a partition that was added while we run.
        if found.partition in self.last and found.first > self.next_offset(found.partition):
            raise Refused(gap(place, self.last[found.partition], found.first, self._topic))


def gap(place: str, landed: int, first: int, topic: str) -> str:
    """Say that records are missing, and how to go on. `topic` is its key in the settings."""
    return (
        f"{place}: landed up to offset {landed}, the next record is {first}: {first - landed - 1} records are missing. "
        f"Restore them, or accept the loss by giving the topic another name (settings: kafka.{topic}); nothing was landed"
    )
