"""A Kinesis stream as a source of Structured Streaming, whose micro-batches have their ends before anything is read.

Spark's log holds for each micro-batch where it begins and ends in every shard (edges/shards), so a replay reads the same records,
whatever happened in between. Spark 4.1 gives a source in Python no limit of its own: the end of a micro-batch is found here, by
reading some `most` records on, and what was read goes along to the task, a shard each. After a restart, or where that
would be too much to send, the task reads its shard itself.

In: options stream, region, endpoint, start (places as JSON), most. Out: rows (partition, offset, sequence, key, payload).
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.types import StructType

from mart.edges.kinesis_records import Record
from mart.edges.shards import Place, Stream, open_shards

NAME = "mart-kinesis"
SCHEMA = "partition STRING, offset BIGINT, sequence STRING, key BINARY, payload BINARY"
_KINDS = (pa.string(), pa.int64(), pa.string(), pa.binary(), pa.binary())
ARROW = pa.schema(zip(("partition", "offset", "sequence", "key", "payload"), _KINDS, strict=True))
LARGEST = 32_000_000  # bytes that go along with a slice, packed; a task of Spark's must stay below 128 MiB
AT_ONCE = 16  # shards that the driver reads at a time

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
    parcel: bytes | None = field(default=None, repr=False)  # its records, where the driver has just read them


class Reader(DataSourceStreamReader):
    """Finds the ends of micro-batches on the driver, and reads slices on the executors."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options, self._most = options, int(options["most"])
        self._at = placed(json.loads(options["start"]))
        self._found = dict[str, Slice]()

    def initialOffset(self) -> Offsets:  # noqa: N802
        return noted(self._at)

    def latestOffset(self) -> Offsets:  # noqa: N802
        """Tell how far every shard may be read now. A child waits until its parents have ended."""
        stream = self._stream()
        open_ = open_shards(stream.shards(), self._at)
        share = max(1, self._most // max(1, len(open_)))
        with ThreadPoolExecutor(max(1, min(AT_ONCE, len(open_)))) as pool:
            found = pool.map(lambda shard: walk(stream, shard, self._at.get(shard, Place()), share), open_)
            self._found = {one.shard: one for one in found}
        return noted(self._at | {one.shard: one.end for one in self._found.values()})

    def partitions(self, start: Offsets, end: Offsets) -> list[Slice]:
        """Cut a micro-batch into slices, also one that was planned before a restart; what comes next goes on from its end."""
        begins, ends = placed(start), placed(end)
        self._at |= {name: place for name, place in ends.items() if place.next >= self._at.get(name, Place()).next}
        slices = [Slice(name, begins.get(name, Place()), place) for name, place in sorted(ends.items())]
        return [self._with_parcel(one) for one in slices if one.end.next > one.begin.next]

    def read(self, partition: Slice) -> Iterator[pa.RecordBatch]:  # type: ignore[override]
        if partition.parcel is not None:
            return iter(pa.ipc.open_stream(partition.parcel))
        pages = self._stream().read(partition.shard, partition.begin, partition.end)
        return (_batch(partition.shard, page) for page in pages if page)

    def commit(self, end: Offsets) -> None:
        """Nothing is kept in Kinesis: landing tells where we stand."""

    def _with_parcel(self, one: Slice) -> Slice:
        found = self._found.get(one.shard)
        return found if found and (found.begin, found.end) == (one.begin, one.end) else one

    def _stream(self) -> Stream:
        return Stream(self._options["stream"], self._options["region"], self._options.get("endpoint", ""))


def walk(stream: Stream, shard: str, begin: Place, most: int) -> Slice:
    """Read a shard on by some `most` records, at most to what is there now, and pack what was read unless it is too much."""
    end, packed = begin, pa.BufferOutputStream()
    with pa.ipc.new_stream(packed, ARROW, options=pa.ipc.IpcWriteOptions(compression="zstd")) as parcel:
        for records, further in stream.onward(shard, begin, most):
            if records and packed.tell() < LARGEST:
                parcel.write(_batch(shard, records))
            end = further
    whole = packed.tell() < LARGEST
    return Slice(shard, begin, end, packed.getvalue().to_pybytes() if whole else None)


def placed(offsets: Mapping[str, Any]) -> dict[str, Place]:
    """Read places as Spark keeps them."""
    return {shard: Place(**place) for shard, place in offsets.items()}


def noted(places: Mapping[str, Place]) -> Offsets:
    """Write places as Spark keeps them."""
    return {shard: asdict(place) for shard, place in sorted(places.items())}


def _batch(shard: str, records: list[Record]) -> pa.RecordBatch:
    rows = zip(*((shard, one.ordinal, one.sequence, one.key.encode(), one.data) for one in records), strict=True)
    return pa.RecordBatch.from_arrays([pa.array(c, k) for c, k in zip(rows, _KINDS, strict=True)], schema=ARROW)
