"""Exact top-N: which products lie nearest to each shopper, filters inside the scan.

In: factors by id, and per shopper what must not be shown (`seen`) and what may be given as a reason (`history`).
Out: lists (user_id, rank, product_id, score, because), N long wherever N products are left.

The search itself is models/scan, `best` the same for one shopper without Spark. Memory per Python worker: products x rank x
4 bytes (256 MB for a million at rank 64) and one block, whatever the number of shoppers. Shoppers scale out with the cluster;
where the products no longer fit into a worker, scan them in parts and merge the lists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from mart.models import newcomers, scan
from mart.models.scan import best

__all__ = ["LISTS", "Products", "best", "products", "recommend", "with_newcomers"]

LISTS = "user_id STRING, rank INT, product_id STRING, score DOUBLE, because STRING"

SHOPPERS = 1024  # in one block: bounds what their reasons take


@dataclass(frozen=True)
class Products:
    """What can be recommended: ids (products), factors (products, rank), eligible (products)."""

    ids: pa.StringArray
    factors: NDArray[np.float32]
    eligible: NDArray[np.bool_]

    def positions(self, ids: pa.StringArray) -> NDArray[np.int64]:
        """Find ids; -1 where the model does not know one."""
        found = pc.index_in(ids.cast(self.ids.type), value_set=self.ids)
        return np.asarray(found.fill_null(-1), np.int64)


def products(item_factors: DataFrame) -> Products:
    """Take (product_id, factors, eligible) to the driver, in order of id."""
    table = item_factors.select("product_id", "factors", "eligible").toArrow().sort_by("product_id")
    column = {name: table.column(name).combine_chunks() for name in table.column_names}
    eligible = np.asarray(column["eligible"], bool)
    return Products(column["product_id"], _matrix(column["factors"]), eligible)


def with_newcomers(candidates: DataFrame) -> Products:
    """Take (product_id, factors, eligible, category, brand) to the driver; without factors a product lies near its like.

    One whose category and brand the model knows nothing of can't be shown: it would only stand among others by chance.
    """
    table = candidates.select("product_id", "factors", "eligible", "category", "brand").toArrow().sort_by("product_id")
    column = {name: table.column(name).combine_chunks() for name in table.column_names}
    known = np.asarray(pc.is_valid(column["factors"]))
    placed = _matrix(column["factors"].drop_null())
    factors = np.zeros((len(known), placed.shape[1]), np.float32)
    factors[known] = placed
    factors = newcomers.guess(factors, known, _codes(column["category"]), _codes(column["brand"]))
    eligible = np.asarray(column["eligible"], bool) & factors.any(axis=1)
    return Products(column["product_id"], factors, eligible)


def recommend(shoppers: DataFrame, items: Products, n: int) -> DataFrame:
    """Rank products for rows (user_id, factors, seen ARRAY<STRING>, history ARRAY<STRUCT<product_id, reason>>).

    `because` is the reason of that other product in `history` whose factors point most the same way; null where none does.
    """
    held = shoppers.sparkSession.sparkContext.broadcast(items)
    columns = shoppers.select("user_id", "factors", "seen", "history")
    return columns.mapInArrow(lambda batches: _lists(batches, held.value, n), LISTS)


def _lists(batches: Iterable[pa.RecordBatch], items: Products, n: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, SHOPPERS):
            yield _rank(batch.slice(start, SHOPPERS), items, n)


def _rank(batch: pa.RecordBatch, items: Products, n: int) -> pa.RecordBatch:
    """Rank one block of shoppers."""
    rows, seen = _rows(batch["seen"]), items.positions(batch["seen"].flatten())
    known = seen >= 0
    not_for = rows[known], seen[known]
    found, ranked = scan.best_many(items.factors, _matrix(batch["factors"]), items.eligible, n, not_for)
    because = _because(batch["history"], items, found)
    shopper, place = np.nonzero(np.isfinite(ranked))
    columns = [
        batch["user_id"].take(pa.array(shopper)),
        pa.array((place + 1).astype(np.int32)),
        items.ids.take(pa.array(found[shopper, place])),
        pa.array(ranked[shopper, place].astype(np.float64)),
        because.take(pa.array(shopper * found.shape[1] + place)),
    ]
    return pa.RecordBatch.from_arrays(columns, ["user_id", "rank", "product_id", "score", "because"])


def _because(history: pa.ListArray, items: Products, best: NDArray[np.int64]) -> pa.StringArray:
    """Give for each place (rows x n, flat) the reason of the nearest product in the shopper's history, or null."""
    flat = history.flatten()
    reasons, known = flat.field("reason"), items.positions(flat.field("product_id"))
    rows = _rows(history)
    column = np.arange(len(rows)) - np.searchsorted(rows, rows)
    longest = int(column.max(initial=-1)) + 1
    if not longest:
        return pa.nulls(best.size, pa.string())
    where = np.full((len(history), longest), -1)
    where[rows, column] = np.arange(len(rows))
    near = items.factors[best] @ items.factors[known[where]].transpose(0, 2, 1)
    absent = (where < 0) | (known[where] < 0)
    itself = known[where][:, None, :] == best[:, :, None]  # it was looked at before, and is no reason for itself
    near = np.where(absent[:, None, :] | itself, -np.inf, near)
    nearest = np.take_along_axis(where, near.argmax(axis=2), axis=1).ravel()
    return reasons.take(pa.array(nearest, mask=near.max(axis=2).ravel() <= 0))


def _matrix(factors: pa.ListArray) -> NDArray[np.float32]:
    """Turn a column of lists of one length into (rows, length)."""
    flat = np.asarray(factors.flatten(), np.float32)
    return flat.reshape(len(factors), -1) if len(factors) else np.zeros((0, 0), np.float32)


def _codes(names: pa.StringArray) -> NDArray[np.int64]:
    """Number names from 0, -1 where there is none."""
    return np.asarray(names.dictionary_encode().indices.cast(pa.int64()).fill_null(-1), np.int64)


def _rows(lists: pa.ListArray) -> NDArray[np.int64]:
    """Say for each element of flattened lists in which row it stood."""
    lengths = np.asarray(pc.list_value_length(lists).fill_null(0))
    return np.repeat(np.arange(len(lists)), lengths)
