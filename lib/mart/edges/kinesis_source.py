"""A Kinesis stream as a source of Structured Streaming, whose micro-batches have their ends before anything is read.

Spark's log holds for each micro-batch where it begins and ends in every shard (edges/shards), so a replay reads the same records,
whatever happened in between. Shards are read side by side, a task each. Spark 4.1 gives a source in Python no limit of its
own: the end of a micro-batch is found here, some `most` records further. That reads everything twice, once for its number alone.

In: options stream, region, endpoint, start (places as JSON), most. Out: rows (partition, offset, sequence, key, payload).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.types import StructType

from mart.edges.shards import Place, Stream, forth

NAME = "mart-kinesis"
SCHEMA = "partition STRING, offset BIGINT, sequence STRING, key BINARY, payload BINARY"
_KINDS = (pa.string(), pa.int64(), pa.string(), pa.binary(), pa.binary())
ARROW = pa.schema(zip(("partition", "offset", "sequence", "key", "payload"), _KINDS, strict=True))
ROWS = 5_000  # of an Arrow batch

Offsets = dict[str, Any]  # as Spark keeps them: shard to place


class KinesisSource(DataSource):
    """`spark.readStream.format("mart-kinesis")`, once it is registered."""

    @classmethod
    def name(cls) -> str:
        return NAME

    def schema(self) -> str:
        return SCHEMA

    def streamReader(self, schema: StructType) -> "Reader":  # noqa: N802 Spark's name
        return Reader(dict(self.options))


@dataclass
class Slice(InputPartition):
    """A shard from one place to another."""

    shard: str
    begin: Place
    end: Place


class Reader(DataSourceStreamReader):
    """Finds the ends of micro-batches on the driver, and reads slices on the executors."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options, self._most = options, int(options["most"])
        self._at = placed(json.loads(options["start"]))

    def initialOffset(self) -> Offsets:  # noqa: N802
        return noted(self._at)

    def latestOffset(self) -> Offsets:  # noqa: N802
        return noted(forth(self._stream(), self._at, self._most))

    def partitions(self, start: Offsets, end: Offsets) -> list[Slice]:
        """Cut a micro-batch into slices, also one that was planned before a restart; what comes next goes on from its end."""
        begins, ends = placed(start), placed(end)
        self._at |= {name: place for name, place in ends.items() if place.next >= self._at.get(name, Place()).next}
        slices = [Slice(name, begins.get(name, Place()), place) for name, place in sorted(ends.items())]
        return [one for one in slices if one.end.next > one.begin.next]

    def read(self, partition: Slice) -> Iterator[pa.RecordBatch]:  # type: ignore[override]
        records = self._stream().read(partition.shard, partition.begin, partition.end)
        while some := list(islice(records, ROWS)):
            rows = [(partition.shard, one.ordinal, one.sequence, one.key.encode(), one.data) for one in some]
            yield pa.RecordBatch.from_arrays(
                [pa.array(c, k) for c, k in zip(zip(*rows, strict=True), _KINDS, strict=True)], schema=ARROW
            )

    def commit(self, end: Offsets) -> None:
        """Nothing is kept in Kinesis: landing tells where we stand."""

    def _stream(self) -> Stream:
        return Stream(self._options["stream"], self._options["region"], self._options.get("endpoint", ""))


def placed(offsets: Mapping[str, Any]) -> dict[str, Place]:
    """Read places as Spark keeps them."""
    return {shard: Place(**place) for shard, place in offsets.items()}


def noted(places: Mapping[str, Place]) -> Offsets:
    """Write places as Spark keeps them."""
    return {shard: asdict(place) for shard, place in sorted(places.items())}
