"""Events as the overlay holds them, each with its place in the topic, and what they add to a history.

In: acts. Out: those that a history does not hold yet, as rows of interactions.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mart.api.catalogue import Numbers
from mart.api.history import Acts, none

COUNTED = ("view", "cart_add", "purchase", "refund")  # as views/shopping.interactions has it
IN_LAKE = -1  # partition of an act that was read from the lake itself

Micros = int  # since 1970, UTC


class Act(NamedTuple):
    """An event that counts, and where it stands in the topic."""

    partition: int
    offset: int
    product_id: str
    kind: str
    pieces: int
    at: Micros
    user_id: str | None


class Event(NamedTuple):
    """What the overlay needs of an event."""

    event_id: str
    at: Micros
    kind: str
    product_id: str
    user_id: str | None
    session_id: str | None
    pieces: int
    recommendation_id: str | None
    position: int | None
    partition: int
    offset: int


def beyond(acts: list[Act], ends: Mapping[int, int]) -> list[Act]:
    """Keep the acts that a history does not hold, which ends before these offsets."""
    return [act for act in acts if act.partition != IN_LAKE and act.offset >= ends.get(act.partition, 0)]


def counted(acts: list[Act], numbers: Numbers) -> Acts:
    """Make acts rows of interactions, one each."""
    known = [(number, act) for act in acts if (number := numbers.of(act.product_id)) is not None]
    if not known:
        return none()
    kinds = np.array([COUNTED.index(act.kind) for _, act in known])
    pieces = np.array([act.pieces for _, act in known], np.int32)
    net = np.where(kinds == 2, pieces, np.where(kinds == 3, -pieces, 0)).astype(np.int32)
    views, cart_adds, purchases = ((kinds == kind).astype(np.int32) for kind in range(3))
    at = np.array([act.at for _, act in known], np.int64).astype("datetime64[us]")
    return Acts(np.array([number for number, _ in known], np.int32), views, cart_adds, purchases, net, at)
