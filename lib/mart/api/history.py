"""What shoppers have done with which products: the lake's interactions as one compressed matrix, a row a shopper.

In: rows of interactions. Out: `History`, 28 bytes a pair of shopper and product and, a shopper, 8 bytes and the id;
and `Acts`, what one shopper did, into which the acts after the lake's version are folded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mart.api.catalogue import Numbers, Positions

COLUMNS = ("user_id", "product_id", "views", "cart_adds", "purchases", "quantity", "last_at")
Counts = NDArray[np.int32]
Instants = NDArray[np.datetime64]  # [us], UTC


@dataclass(frozen=True)
class Acts:
    """What was done with products, each once: arrays of one length, columns of interactions."""

    products: Positions
    views: Counts
    cart_adds: Counts
    purchases: Counts
    quantity: Counts
    last_at: Instants

    def __len__(self) -> int:
        return len(self.products)

    def among(self, chosen: NDArray[np.bool_]) -> "Acts":
        return Acts(*(getattr(self, one.name)[chosen] for one in fields(self)))

    @property
    def newest(self) -> np.datetime64 | None:
        return self.last_at.max() if len(self) else None


@dataclass(frozen=True)
class History:
    """Pairs in order of shopper; those of the shopper at place u in `users` are indptr[u] to indptr[u + 1]."""

    users: pa.Array  # sorted texts
    indptr: NDArray[np.int64]
    pairs: Acts

    def of(self, user_id: str) -> Acts:
        """Give what a shopper did; nothing for one whom the lake does not know."""
        place = self._place(user_id)
        bounds = slice(0, 0) if place is None else slice(self.indptr[place], self.indptr[place + 1])
        return Acts(*(getattr(self.pairs, one.name)[bounds] for one in fields(Acts)))

    def _place(self, user_id: str) -> int | None:
        """Search by halves: texts are compared as Arrow sorts them, by their bytes."""
        wanted, low, high = user_id.encode(), 0, len(self.users)
        while low < high:
            middle = (low + high) // 2
            if self.users[middle].as_py().encode() < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.users) and self.users[low].as_py() == user_id else None


def of(rows: pa.Table, numbers: Numbers) -> History:
    """Order rows of interactions by shopper."""
    encoded = rows["user_id"].combine_chunks().dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    user = rank[np.asarray(encoded.indices)]
    by_user = np.argsort(user, kind="stable")
    views, cart_adds, purchases, quantity = (_counts(rows[name])[by_user] for name in COLUMNS[2:6])
    last_at = rows["last_at"].cast(pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False).astype("datetime64[us]")
    products = numbers.deal(rows["product_id"])[by_user]
    pairs = Acts(products, views, cart_adds, purchases, quantity, last_at[by_user])
    indptr = np.concatenate([[0], np.bincount(user, minlength=len(order)).cumsum()]).astype(np.int64)
    return History(encoded.dictionary.take(pa.array(order)), indptr, pairs)


def nobody(numbers: Numbers) -> History:
    """The history of a lake without interactions."""
    kinds = {"user_id": pa.string(), "product_id": pa.string(), "last_at": pa.timestamp("us", "UTC")}
    return of(pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS]).empty_table(), numbers)


def together(parts: Iterable[Acts]) -> Acts:
    """Fold acts as the table does: counts are summed, the latest instant stays; each product once, in order of number."""
    given = [part for part in parts if len(part)] or [none()]
    columns = {one.name: np.concatenate([getattr(part, one.name) for part in given]) for one in fields(Acts)}
    products, row = np.unique(columns["products"], return_inverse=True)
    views, cart_adds, purchases, quantity = (_summed(columns[name], row, len(products)) for name in COLUMNS[2:6])
    latest = np.full(len(products), np.iinfo(np.int64).min)
    np.maximum.at(latest, row, columns["last_at"].astype(np.int64))
    return Acts(products, views, cart_adds, purchases, quantity, latest.astype("datetime64[us]"))


def none() -> Acts:
    """Give the acts of somebody who did nothing."""
    nothing = np.zeros(0, np.int32)
    return Acts(nothing, nothing, nothing, nothing, nothing, np.zeros(0, "datetime64[us]"))


def _counts(column: pa.ChunkedArray) -> Counts:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int32)


def _summed(counts: Counts, row: NDArray[np.int64], rows: int) -> Counts:
    found = np.zeros(rows, np.int32)
    np.add.at(found, row, counts)
    return found
