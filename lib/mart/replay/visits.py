"""What people do in the shop: visits that view, add, remove and buy, then refunds and ratings in the days after.

Everything is arrays, one element an event, so that millions take seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mart.replay.shop import TASTES, Floats, Ints, Shop

TYPES = ("view", "cart_add", "cart_remove", "purchase", "refund", "rating")
VIEW, CART_ADD, CART_REMOVE, PURCHASE, REFUND, RATING = range(len(TYPES))
NOBODY = -1  # the shopper of an anonymous visit
ABSENT = -1

ANONYMOUS = 0.2  # share of visits without an account
VIEWS = 4.0  # views a visit, mean
ON_TASTE = 0.9  # share of views that follow the visit's taste; the others follow popularity
ADDED, REMOVED, CHECKED_OUT = 0.25, 0.15, 0.5  # of views, of cart adds, of visits
REFUNDED, RATED = 0.05, 0.2  # of purchases
DAY = 86_400_000  # ms

WEEKDAYS = np.array([0.9, 0.9, 1.0, 1.0, 1.2, 1.3, 1.1])  # from Monday
HOURS = np.array([1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 10, 11, 10, 9, 9, 9, 10, 12, 14, 14, 11, 7, 3], dtype=float)  # UTC

Random = np.random.Generator


@dataclass(frozen=True)
class Events:
    """Events in order of time, a column each."""

    type: Ints  # [TYPES]
    at: Ints  # epoch ms
    visit: Ints
    shopper: Ints  # or NOBODY
    product: Ints
    quantity: Ints  # or ABSENT
    cents: Ints  # price of one piece, or ABSENT
    stars: Floats  # or ABSENT

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: NDArray[np.int64]) -> "Events":
        return Events(*(column[rows] for column in vars(self).values()))


def visits(shop: Shop, random: Random, count: int, begin: int, end: int) -> Events:
    """Let people visit until there are exactly `count` events, in [begin, end) epoch ms."""
    total = count // 4 + 50
    while True:
        events = _visits(shop, random, total, begin, end)
        inside = events.take(np.flatnonzero(events.at < end))
        if len(inside) >= count:
            break
        total *= 2
    whole_visits = np.lexsort((inside.at, inside.visit))[:count]  # the last one may be cut short
    chosen = inside.take(whole_visits)
    return chosen.take(np.argsort(chosen.at, kind="stable"))


def _visits(shop: Shop, random: Random, total: int, begin: int, end: int) -> Events:
    start = _starts(random, total, begin, end)
    visitor = np.searchsorted(shop.diligence, random.random(total))
    taste = (shop.tastes[visitor] < random.random((total, 1), dtype=np.float32)).sum(axis=1).clip(max=TASTES - 1)
    shopper = np.where(random.random(total) < ANONYMOUS, NOBODY, visitor)
    checks_out = random.random(total) < CHECKED_OUT

    views = random.geometric(1 / VIEWS, total).clip(max=40)
    visit = np.repeat(np.arange(total), views)
    on_taste = random.random(len(visit)) < ON_TASTE
    product = _choose(shop, random, np.where(on_taste, taste[visit], TASTES))
    seen_at = start[visit] + _within(random.exponential(40_000, len(visit)), visit, views)
    added_at = seen_at + random.integers(3_000, 40_000, len(visit))
    paid_at = np.maximum.reduceat(added_at, np.cumsum(views) - views) + 60_000
    quantity = 1 + random.poisson(0.4, len(visit))
    cents = shop.prices(seen_at, product)

    is_added = random.random(len(visit)) < ADDED
    is_removed = is_added & (random.random(len(visit)) < REMOVED)
    is_bought = is_added & ~is_removed & checks_out[visit]
    is_refunded = is_bought & (random.random(len(visit)) < REFUNDED)
    is_rated = is_bought & (random.random(len(visit)) < RATED) & (shopper[visit] != NOBODY)
    stars = (2 * (2.8 + 1.2 * on_taste + random.normal(0, 0.7, len(visit)))).round().clip(1, 10) / 2

    def part(
        kind: int, which: NDArray[np.bool_], at: Ints, pieces: Ints | int, price: Ints | int, rated: Floats | int
    ) -> Events:
        of = np.flatnonzero(which)
        columns = [np.broadcast_to(column, len(visit))[of] for column in (pieces, price, rated)]
        return Events(np.full(len(of), kind), at[of], visit[of], shopper[visit][of], product[of], *columns)

    later = paid_at[visit] + random.integers(DAY, 20 * DAY, len(visit))
    parts = [
        part(VIEW, np.ones(len(visit), dtype=bool), seen_at, ABSENT, cents, ABSENT),
        part(CART_ADD, is_added, added_at, quantity, cents, ABSENT),
        part(CART_REMOVE, is_removed, added_at + 2_000, quantity, ABSENT, ABSENT),
        part(PURCHASE, is_bought, paid_at[visit], quantity, cents, ABSENT),
        part(REFUND, is_refunded, later, random.integers(1, quantity + 1), cents, ABSENT),
        part(RATING, is_rated, later + DAY, ABSENT, ABSENT, stars),
    ]
    return Events(*(np.concatenate(columns) for columns in zip(*(vars(p).values() for p in parts), strict=True)))


def _starts(random: Random, total: int, begin: int, end: int) -> Ints:
    """Spread visits over days and hours as people do; a period of less than a day is filled evenly."""
    if end - begin < DAY:
        return begin + (random.random(total) * (end - begin)).astype(np.int64)
    days = np.arange(begin // DAY, -(-end // DAY))
    weight = WEEKDAYS[(days + 3) % 7]  # 1970-01-01 was a Thursday
    day = random.choice(days, total, p=weight / weight.sum())
    hour = random.choice(24, total, p=HOURS / HOURS.sum())
    start: Ints = np.maximum(begin, day * DAY + hour * 3_600_000 + random.integers(3_600_000, size=total))
    return start


def _choose(shop: Shop, random: Random, taste: Ints) -> Ints:
    """Draw a product for each view from its taste's distribution."""
    product = np.empty(len(taste), dtype=np.int64)
    for row, cumulative in enumerate(shop.choice):
        mine = np.flatnonzero(taste == row)
        product[mine] = np.searchsorted(cumulative, random.random(len(mine))).clip(max=shop.products - 1)
    return product


def _within(gaps: Floats, visit: Ints, views: Ints) -> Ints:
    """Add up gaps within each visit [ms]; the first view is at its start."""
    running = np.cumsum(gaps) - gaps
    first = running[np.cumsum(views) - views]
    since: Floats = running - first[visit]
    return since.astype(np.int64)
