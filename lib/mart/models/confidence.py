"""How sure we are that a shopper wants a product: what they did becomes one number. On arrays; models/weighing is the same in Spark.

In: acts (views, cart_adds, purchases, quantity, last_at), the taste of the settings, and the instant of the model, which is
the same in training and fold-in, so that nothing drifts between the two. Out: confidence > 0; 0 where there is none.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mart.settings import Taste

ACTS = ("views", "cart_adds", "purchases")
DAY = 86_400_000_000  # microseconds


def confidence_of(
    views: ArrayLike,
    cart_adds: ArrayLike,
    purchases: ArrayLike,
    quantity: ArrayLike,
    last_at: NDArray[np.datetime64],
    taste: Taste,
    now: datetime | None = None,
) -> NDArray[np.float32]:
    """Weigh arrays of one length: confidence (pairs), 0 where a pair says nothing. `last_at` is UTC.

    The logarithm of weighted acts: the hundredth purchase says less than the first. What was given back whole
    (quantity <= 0, net of refunds) was not wanted: its purchases count nothing, its views still do. With a half-life an
    act's age is that of the pair's latest one at `now`, and later ones are not aged. Raises ValueError without `now` then.
    """
    kept = np.where(np.asarray(quantity) > 0, purchases, 0)
    counts = zip(ACTS, (views, cart_adds, kept), strict=True)
    acts = sum((getattr(taste, act) * np.asarray(count, np.float64) for act, count in counts), np.float64(0))
    if taste.half_life_days:
        age = np.maximum(micros(now) - np.asarray(last_at, "datetime64[us]").astype(np.int64), 0) / DAY
        acts = acts * 0.5 ** (age / taste.half_life_days)
    return np.asarray(np.log1p(acts), np.float32)


def micros(now: datetime | None) -> int:
    """Count the microseconds from 1970 to the instant of a model. Raises ValueError where there is none."""
    if now is None:
        raise ValueError("als.taste.half_life_days needs the instant of the model: its newest event")
    aware = now if now.tzinfo else now.replace(tzinfo=UTC)
    return int(np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64))
