"""How sure we are that a shopper wants a product: what they did becomes one number, here and nowhere else.

In: acts (views, cart_adds, purchases, quantity, last_at), the taste of the settings, and the instant of the model, which is
the same in training and fold-in, so that nothing drifts between the two. Out: confidence > 0; 0 or no row where there is none.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.settings import Taste

ACTS = ("views", "cart_adds", "purchases")
DAY = 86_400_000_000  # microseconds


def confidence(interactions: DataFrame, taste: Taste, now: datetime | None = None) -> DataFrame:
    """Weigh rows of interactions: (user_id, product_id, confidence FLOAT > 0).

    The logarithm of weighted acts: the hundredth purchase says less than the first. What was given back whole
    (quantity <= 0, net of refunds) was not wanted: its purchases count nothing, its views still do. With a half-life an
    act's age is that of the pair's latest one at `now`, and later ones are not aged. Raises ValueError without `now` then.
    """
    acts = _acts(taste)
    if taste.half_life_days:
        age = F.greatest(F.lit(_micros(now)) - F.unix_micros("last_at"), F.lit(0)) / F.lit(float(DAY))
        acts = acts * F.pow(F.lit(0.5), age / F.lit(taste.half_life_days))
    rows = interactions.select("user_id", "product_id", F.log1p(acts).cast("float").alias("confidence"))
    return rows.where(F.col("confidence") > 0)


def confidence_of(
    views: ArrayLike,
    cart_adds: ArrayLike,
    purchases: ArrayLike,
    quantity: ArrayLike,
    last_at: NDArray[np.datetime64],
    taste: Taste,
    now: datetime | None = None,
) -> NDArray[np.float32]:
    """Do the same to arrays of one length: confidence (pairs), 0 where a pair says nothing. `last_at` is UTC."""
    kept = np.where(np.asarray(quantity) > 0, purchases, 0)
    counts = zip(ACTS, (views, cart_adds, kept), strict=True)
    acts = sum((getattr(taste, act) * np.asarray(count, np.float64) for act, count in counts), np.float64(0))
    if taste.half_life_days:
        age = np.maximum(_micros(now) - np.asarray(last_at, "datetime64[us]").astype(np.int64), 0) / DAY
        acts = acts * 0.5 ** (age / taste.half_life_days)
    return np.asarray(np.log1p(acts), np.float32)


def _acts(taste: Taste) -> Column:
    kept = {"purchases": F.when(F.col("quantity") > 0, F.col("purchases")).otherwise(0)}
    return sum((F.lit(float(getattr(taste, act))) * kept.get(act, F.col(act)) for act in ACTS), F.lit(0.0))


def _micros(now: datetime | None) -> int:
    if now is None:
        raise ValueError("als.taste.half_life_days needs the instant of the model: its newest event")
    aware = now if now.tzinfo else now.replace(tzinfo=UTC)
    return int(np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64))
