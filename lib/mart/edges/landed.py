"""How far a version of the events reaches in the topic, or the stream: the ledger's answer, read without Spark.

In: a version of processed.events. Out: the offset that comes next in each partition; of a Kinesis stream also the record that was
the last. The commit of that version names the version of landing.activity that it was made from, and what has landed up to there
is in it.
"""

from collections.abc import Collection, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mart.edges import delta
from mart.edges.shards import Place, Stream, numbered
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY

UPSTREAM = "landing"


def next_offsets(settings: Settings, version: int, partitions: Collection[int]) -> dict[int, int]:
    """Tell for each partition of the topic, or shard of the stream, the first offset that the version does not hold."""
    stream = settings.kinesis.activity
    source = f"kinesis:{stream}" if stream else f"kafka:{settings.kafka.activity}"
    return {numbered(name): place.next for name, place in places(settings, version, source, partitions).items()}


def stream_places(settings: Settings, version: int | None) -> dict[str, Place]:
    """Tell for each shard of the stream up to where a version holds it; nothing before there is any. Raises StreamError."""
    if version is None:
        return {}
    listed = {numbered(one) for one in Stream.of(settings).shards()}
    return places(settings, version, f"kinesis:{settings.kinesis.activity}", listed)


def places(settings: Settings, version: int, source: str, wanted: Collection[int]) -> dict[str, Place]:
    """Tell for each partition of a source up to where the version holds it; none for one of which it holds nothing.

    Days are read from the newest one back until every partition that is wanted has been met, most often one.
    """
    events = delta.open_table(settings, EVENTS.path, version)
    landed = events.transaction_version(UPSTREAM) if events else None
    opened = delta.open_table(settings, LANDING_ACTIVITY.path, landed) if landed is not None else None
    if opened is None:
        return {}
    rows, found = opened.to_pyarrow_dataset(), dict[str, Place]()
    columns = [name for name in ("partition", "offset", "sequence") if name in rows.schema.names]
    for day in sorted({one["arrived_day"] for one in opened.partitions()}, reverse=True):
        on_day = (ds.field("source") == source) & (ds.field("arrived_day") == date.fromisoformat(day))
        for batch in rows.to_batches(columns=columns, filter=on_day):
            for partition, place in _latest(batch):
                found[partition] = max(found.get(partition, place), place, key=lambda one: one.next)
        if {numbered(name) for name in found} >= {*wanted}:
            break
    return found


def _latest(batch: pa.RecordBatch) -> Iterator[tuple[str, Place]]:
    """Give the last place of each partition in a batch."""
    table = pa.table({"partition": batch["partition"], "offset": batch["offset"].cast(pa.int64())})
    for row in table.group_by("partition").aggregate([("offset", "max")]).to_pylist():
        partition, last = row["partition"], row["offset_max"]
        yield partition, Place(_sequence(batch, table, partition, last), last + 1)


def _sequence(batch: pa.RecordBatch, table: pa.Table, partition: str, offset: int) -> str:
    if "sequence" not in batch.schema.names:
        return ""
    here = pc.and_(pc.equal(table["partition"], partition), pc.equal(table["offset"], offset))
    return str(batch["sequence"].filter(here.combine_chunks())[0].as_py() or "")
