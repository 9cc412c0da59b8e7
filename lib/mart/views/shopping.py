"""Lifts: each event as the row that it adds to a foldable table; row by row, no aggregation.

In: rows of processed.events. Out: the same rows with the table's columns put beside theirs; whatever else they carry
(the speed layer's `version`) is kept, and `fold.gather` selects.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Lift = Callable[[DataFrame], DataFrame]

UNKNOWN = "(unknown)"


def interactions(events: DataFrame) -> DataFrame:
    """Views, cart adds, purchases and refunds of shoppers with an account."""
    counted = F.col("event_type").isin("view", "cart_add", "purchase", "refund") & F.col("user_id").isNotNull()
    net = only("purchase", _pieces()) - only("refund", _pieces())
    at = {"first_at": F.col("event_at"), "last_at": F.col("event_at")}
    return events.where(counted).withColumns(_counts() | {"quantity": net} | at)


def popularity(events: DataFrame) -> DataFrame:
    """Views, cart adds and purchases in the hour in which they happened."""
    sold = {"quantity": only("purchase", _pieces()), "revenue": only("purchase", value())}
    hour = {"hour": F.date_trunc("hour", "event_at")}
    return events.where(_in_funnel()).withColumns(_counts() | sold | hour | {"shoppers_sketch": _shopper()})


def sales(events: DataFrame) -> DataFrame:
    """Purchases and refunds on the day on which they happened."""
    return events.where(F.col("event_type").isin("purchase", "refund")).withColumns(
        {
            "currency": F.coalesce("currency", F.lit(UNKNOWN)),
            "quantity": only("purchase", _pieces()),
            "order_lines": _one("purchase"),
            "revenue": only("purchase", value()),
            "refunds": only("refund", value()),
        }
    )


def funnel(events: DataFrame) -> DataFrame:
    """Views, cart adds and purchases by the product's category."""
    buyer = F.when(F.col("event_type") == "purchase", _shopper())
    sketches = {"shoppers_sketch": _shopper(), "buyers_sketch": buyer}
    return events.where(_in_funnel()).withColumns(_counts() | sketches)


def _in_funnel() -> Column:
    return F.col("event_type").isin("view", "cart_add", "purchase")


def _counts() -> dict[str, Column]:
    return {"views": _one("view"), "cart_adds": _one("cart_add"), "purchases": _one("purchase")}


def _one(event_type: str) -> Column:
    return only(event_type, F.lit(1))


def only(event_type: str, value: Column) -> Column:
    """The value for events of the type, 0 for others: a count is never null."""
    return F.when(F.col("event_type") == event_type, value).otherwise(F.lit(0))


def _pieces() -> Column:
    """A purchase that names no quantity is one piece."""
    return F.coalesce("quantity", F.lit(1))


def value() -> Column:
    """Without a price nothing is added; a DECIMAL(18,4) times an INT fits DECIMAL(29,4)."""
    return F.coalesce(F.col("price"), F.lit(0)) * _pieces()


def _shopper() -> Column:
    return F.coalesce("user_id", "session_id")
