"""Shoppers told apart by how much is known of them: one rule for the gate, for `mart evaluate` and for a review."""

import numpy as np
from numpy.typing import NDArray

NEW = 5  # products known of a new shopper, at most


def by_size(known: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """Mark (shoppers) by how many products each knows: at most 5, then below and from the median of the others."""
    new = known <= NEW
    middle = np.median(known[~new]) if (~new).any() else 0
    return {"new shoppers": new, "light shoppers": ~new & (known < middle), "heavy shoppers": ~new & (known >= middle)}
