"""How far a version of the events reaches in the topic: the ledger's answer, read without Spark.

In: a version of processed.events. Out: the offset that comes next in each partition of the topic. The commit of that version
names the version of landing.activity that it was made from, and what has landed up to there is in it.
"""

from collections.abc import Collection, Iterator
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from mart.edges import delta
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY

UPSTREAM = "landing"


def next_offsets(settings: Settings, version: int, partitions: Collection[int]) -> dict[int, int]:
    """Tell for each partition of the topic the first offset that the version does not hold; none where it holds none at all.

    Days are read from the newest one back until every partition has been met, most often one.
    """
    events = delta.open_table(settings, EVENTS.path, version)
    landed = events.transaction_version(UPSTREAM) if events else None
    opened = delta.open_table(settings, LANDING_ACTIVITY.path, landed) if landed is not None else None
    if opened is None:
        return {}
    rows, found = opened.to_pyarrow_dataset(), dict[int, int]()
    source = ds.field("source") == f"kafka:{settings.kafka.activity}"
    for day in sorted({one["arrived_day"] for one in opened.partitions()}, reverse=True):
        on_day = ds.field("arrived_day") == date.fromisoformat(day)
        for batch in rows.to_batches(columns=["partition", "offset"], filter=source & on_day):
            for partition, latest in _latest(batch):
                found[partition] = max(found.get(partition, 0), latest + 1)
        if found.keys() >= set(partitions):
            break
    return found


def _latest(batch: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """Give the last offset of each partition in a batch."""
    table = pa.table({"partition": batch["partition"], "offset": batch["offset"].cast(pa.int64())})
    for row in table.group_by("partition").aggregate([("offset", "max")]).to_pylist():
        yield int(row["partition"]), row["offset_max"]
