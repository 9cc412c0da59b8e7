"""Pages of products in Spark, read by the same code as in the Lambda and the spider.

Offers come a thousand times more slowly than activity, and nothing must ever be taken by one reader and refused by another:
so their records are read in Python, in Arrow batches (some 10,000 a second and core), not by rules written twice.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from mart import sightings
from mart.schema.rows import Fault
from mart.settings import Ingest
from mart.tables.offers import SIGHTING
from mart.views.offers import REVIEW_ARRAY

_SAID = ", ".join(
    [
        *(f"`{c.name}` {c.type.spark}" for c in SIGHTING.columns),
        f"reviews {REVIEW_ARRAY}",
        "reason STRING, detail STRING",
    ]
)


def parse(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Read each record's sighting and reviews, and say what is wrong with it first."""
    said = StructType.fromDDL(_SAID)
    assert isinstance(said, StructType)
    read = partial(_parse, rules=rules, schema=to_arrow_schema(said))
    return raw.mapInArrow(read, StructType([*raw.schema.fields, *said.fields]))


def _parse(batches: Iterator[pa.RecordBatch], rules: Ingest, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        payloads, instants = batch.column("payload").to_pylist(), batch.column("arrived_at").to_pylist()
        said = [_read(payload, rules, at) for payload, at in zip(payloads, instants, strict=True)]
        read = pa.RecordBatch.from_pylist(said, schema=schema)
        yield pa.RecordBatch.from_arrays([*batch.columns, *read.columns], names=[*batch.schema.names, *schema.names])


def _read(payload: bytes | None, rules: Ingest, at: Any) -> dict[str, Any]:  # noqa: ANN401
    try:
        found = sightings.read(payload, rules, at)
    except Fault as fault:
        return {"reason": fault.reason, "detail": fault.detail}
    return {**found.offer, "reviews": found.reviews}
