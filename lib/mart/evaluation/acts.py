"""What shoppers did, an act a row, as arrays: what an evaluation splits in time and folds.

In: an Arrow table of acts. Out: numbers instead of ids, and, folded, what `interactions` holds: one row a pair.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mart.models.confidence import confidence_of
from mart.settings import Taste

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

KINDS = ("view", "cart_add", "purchase", "refund")
VIEW, CART_ADD, PURCHASE, REFUND = range(len(KINDS))

SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("product_id", pa.string()),
        ("kind", pa.int8()),  # place in KINDS
        ("pieces", pa.int64()),  # of a purchase or refund
        ("at", pa.timestamp("us")),  # UTC
    ]
)


@dataclass(frozen=True)
class Pairs:
    """What a recommender learns from: a row for each shopper and product that belong together, confidence > 0."""

    users: Ints
    products: Ints
    confidences: Floats


@dataclass(frozen=True)
class Acts:
    """Acts in the order of the source. Users and products are numbered from 0 in the order of their ids."""

    user_ids: list[str]
    product_ids: list[str]
    users: Ints
    products: Ints
    kinds: Ints
    pieces: Ints
    at: NDArray[np.datetime64]  # microseconds, UTC

    def __len__(self) -> int:
        return len(self.users)

    def where(self, rows: Flags | Ints) -> "Acts":
        """Keep some of the acts; the numbers stay what they are."""
        users, products, kinds, pieces = (part[rows] for part in (self.users, self.products, self.kinds, self.pieces))
        return Acts(self.user_ids, self.product_ids, users, products, kinds, pieces, self.at[rows])


def numbered(table: pa.Table) -> Acts:
    """Number the ids of acts (columns of SCHEMA)."""
    users, user_ids = _codes(table["user_id"])
    products, product_ids = _codes(table["product_id"])
    kinds, pieces = (table[name].to_numpy().astype(np.int64) for name in ("kind", "pieces"))
    return Acts(user_ids, product_ids, users, products, kinds, pieces, table["at"].to_numpy())


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    coded = column.combine_chunks().dictionary_encode()
    ids = coded.dictionary.to_pylist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    place = np.empty(len(ids), np.int64)
    place[order] = np.arange(len(ids))
    return place[coded.indices.to_numpy()], [ids[i] for i in order]


@dataclass(frozen=True)
class Interactions:
    """Acts folded to one row a pair: the columns of the table of that name, at one instant."""

    users: Ints
    products: Ints
    views: Ints
    cart_adds: Ints
    purchases: Ints
    quantity: Ints
    last_at: NDArray[np.datetime64]

    def weigh(self, taste: Taste, now: datetime) -> Pairs:
        """Give the pairs that say something, with the confidence that training and fold-in use."""
        acts = (self.views, self.cart_adds, self.purchases, self.quantity)
        sure = confidence_of(*acts, self.last_at, taste, now)
        said = sure > 0
        return Pairs(self.users[said], self.products[said], sure[said])


@dataclass(frozen=True)
class Ratings:
    """Stars given, each a pair: the more of them, the surer. One star counts as wanted too, as the protocol has it."""

    users: Ints
    products: Ints
    stars: Floats

    def weigh(self, taste: Taste, now: datetime) -> Pairs:
        """Give all pairs; there are no acts to weigh and no age."""
        return Pairs(self.users, self.products, self.stars)


def fold(acts: Acts) -> Interactions:
    """Fold acts as the views fold events: counts of each kind, pieces net of refunds, the latest instant."""
    width = max(1, len(acts.product_ids))
    pairs, where = np.unique(acts.users * width + acts.products, return_inverse=True)
    last_at = np.full(len(pairs), np.iinfo(np.int64).min)
    np.maximum.at(last_at, where, acts.at.astype(np.int64))
    views, cart_adds, purchases = (_sum(where, acts.kinds == kind, len(pairs)) for kind in (VIEW, CART_ADD, PURCHASE))
    signs = np.select([acts.kinds == PURCHASE, acts.kinds == REFUND], [1, -1])
    quantity = _sum(where, acts.pieces * signs, len(pairs))
    counts = (views, cart_adds, purchases, quantity)
    return Interactions(pairs // width, pairs % width, *counts, last_at.view("datetime64[us]"))


def _sum(where: Ints, values: NDArray[np.generic], size: int) -> Ints:
    return np.bincount(where, values, minlength=size).astype(np.int64)


def instant(at: np.datetime64) -> datetime:
    """Turn numpy's instant into an aware one."""
    return datetime.fromtimestamp(int(at.astype("datetime64[us]").astype(np.int64)) / 1e6, UTC)
