"""Fold-in by Spark: the equations of models/foldin for as many shoppers, or products, as there are.

In: pairs with the other side's factors. Out: factors by key. A row's pairs lie in one place once, as in MLlib's own solver.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.models import foldin
from mart.settings import Als

SIDES = {"user_id": "product_id", "product_id": "user_id"}
Gram = NDArray[np.float64]


def place(confidence: DataFrame, factors: DataFrame, gram: Gram, key: str, als: Als) -> DataFrame:
    """Place shoppers (key user_id) or products (key product_id): (key, factors).

    In: rows (user_id, product_id, confidence) and the other side's rows (id, factors), whose gram is YtY. Pairs whose
    other side has no factors say nothing yet; who has no others gets no row.
    """
    pairs = confidence.join(factors, SIDES[key], how="inner").select(key, "confidence", "factors")
    gathered = pairs.groupBy(key).agg(F.collect_list(F.struct("confidence", "factors")).alias("pairs"))
    return gathered.mapInArrow(lambda batches: _solved(batches, key, gram, als), f"{key} STRING, factors ARRAY<FLOAT>")


def gram(factors: DataFrame, rank: int) -> Gram:
    """Multiply all rows (factors) with themselves: YtY (rank, rank)."""
    parts = factors.select("factors").mapInArrow(_multiplied, "product ARRAY<DOUBLE>").toArrow()["product"]
    flat = np.asarray(parts.combine_chunks().flatten(), np.float64)
    return np.asarray(flat.reshape(-1, rank, rank).sum(axis=0))


def _solved(batches: Iterable[pa.RecordBatch], key: str, gram: Gram, als: Als) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        pairs = batch["pairs"]
        indptr = np.asarray(pairs.offsets, np.int64) - pairs.offsets[0].as_py()
        flat = pairs.flatten()
        y = np.asarray(flat.field("factors").flatten(), np.float32).reshape(len(flat), -1)
        sure = np.asarray(flat.field("confidence"), np.float32)
        placed = foldin.fold_in_many(gram, y, indptr, np.arange(len(flat)), sure, als)
        yield pa.RecordBatch.from_arrays([batch[key], _lists(placed)], names=[key, "factors"])


def _multiplied(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if batch.num_rows:
            y = np.asarray(batch["factors"].flatten(), np.float32).reshape(batch.num_rows, -1)
            yield pa.RecordBatch.from_arrays([_lists(foldin.gram(y).reshape(1, -1))], names=["product"])


def _lists(matrix: NDArray[np.floating]) -> pa.ListArray:
    """Turn (rows, length) into a column of lists."""
    rows, length = matrix.shape
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1) * length, pa.int32()), pa.array(matrix.ravel()))
