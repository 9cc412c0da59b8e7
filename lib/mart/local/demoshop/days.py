"""What happens to an offer from day to day: its price falls or rises, it sells out and comes back, somebody reviews it.

Of every 20 neighbouring offers of a shop as many fare alike each day, in another order: shares hold exactly in shops of any size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mart.local.demoshop.chance import chance

BLOCK = 20
FALLS, RISES, SELLS_OUT, REVIEWED = range(3), range(3, 5), range(5, 6), range(6, 10)  # by place in the block
SOLD_OUT_AT_FIRST = range(2)
COMES_BACK = 0.5  # chance of each day
CRASH = 0.1  # share of the falls that are deep: an anomaly, or a mistake
LOW = Decimal("0.7")  # of the usual price; what would fall below goes back to it: the sale has ended


@dataclass(frozen=True)
class State:
    """How an offer stands at the end of a day."""

    factor: Decimal  # of its usual price
    in_stock: bool
    reviewed: tuple[int, ...]  # days on which somebody wrote about it
    changed: int  # latest day on which its page changed


def state(key: tuple[object, ...], number: int, listed: int, day: int) -> State:
    """Follow an offer from the day that it was listed to another one."""
    factor, in_stock, reviewed, changed = Decimal(1), True, [], listed
    if listed == 0:
        in_stock = _place(key, number, 0) not in SOLD_OUT_AT_FIRST
        reviewed = list(_before(key, number))
    for today in range(listed + 1, day + 1):
        place = _place(key, number, today)
        before = factor, in_stock, len(reviewed)
        factor = _factor(factor, place, chance(*key, number, today, "by"), chance(*key, number, today, "crash"))
        in_stock = place not in SELLS_OUT if in_stock else chance(*key, number, today, "back") < COMES_BACK
        reviewed += [today] if place in REVIEWED else []
        changed = today if before != (factor, in_stock, len(reviewed)) else changed
    return State(factor, in_stock, tuple(reviewed), changed)


def _place(key: tuple[object, ...], number: int, day: int) -> int:
    """Tell where an offer stands in its block of this day."""
    return (number + int(chance(*key, number // BLOCK, day) * BLOCK)) % BLOCK


def _before(key: tuple[object, ...], number: int) -> Iterator[int]:
    """Give the days before the first on which reviews were written, the oldest first."""
    count = 2 + int(chance(*key, number, "reviews") * 6)
    yield from sorted(-1 - int(chance(*key, number, "review", one) * 300) for one in range(count))


def _factor(factor: Decimal, place: int, by: float, crash: float) -> Decimal:
    if place in FALLS:
        fallen = factor * Decimal("0.4" if crash < CRASH else f"{0.95 - 0.25 * by:.3f}")
        return Decimal(1) if factor < LOW else fallen
    return factor * Decimal(f"{1.03 + 0.12 * by:.3f}") if place in RISES else factor
