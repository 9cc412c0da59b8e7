"""Events as the records that a collector would send: in order of arrival, some late, some twice, some broken.

Two clients report: the web sends event_at as ISO 8601, the app (every fifth visit) as epoch milliseconds and with a key
that processed.events has no column for, `app_version`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from mart.replay.broken import kind
from mart.replay.record import Record, obj, text
from mart.replay.shop import BRANDS, CATEGORIES, CURRENCY, Ints, Shop, euros
from mart.replay.visits import ABSENT, NOBODY, PURCHASE, RATING, REFUND, TYPES, Events, Random

HOUR, DAY = 3_600_000, 86_400_000  # ms
CHUNK = 50_000  # events turned from arrays to objects at a time

GOOD, DUPLICATE, BROKEN = range(3)
"""What a record is."""


@dataclass(frozen=True)
class Shares:
    """Shares of the number of events: broken records and copies come on top of them, late ones are among them."""

    bad: float = 0.0
    late: float = 0.0
    duplicates: float = 0.0


@dataclass(frozen=True)
class Arrivals:
    """Records in order of arrival."""

    row: Ints  # of the event that the record is made from
    what: NDArray[np.int64]  # GOOD, DUPLICATE or BROKEN
    late: int  # how many of the events come an hour and more after they happened

    def count(self, what: int) -> int:
        return int((self.what == what).sum())


def arrivals(random: Random, events: Events, shares: Shares) -> Arrivals:
    """Say in which order the events arrive, and between them copies of some and broken records."""
    total = len(events)
    late = random.random(total) < shares.late
    arrived = events.at + late * (HOUR + random.exponential(2 * DAY, total)).astype(np.int64)
    copied = random.choice(total, round(shares.duplicates * total))
    priced = np.flatnonzero(events.cents != ABSENT)  # a base on which every kind of fault can be shown
    bases = random.choice(priced, round(shares.bad * total))
    row = np.concatenate([np.arange(total), copied, bases])
    what = np.repeat([GOOD, DUPLICATE, BROKEN], [total, len(copied), len(bases)])
    again = arrived[copied] + random.exponential(6 * HOUR, len(copied)).astype(np.int64)
    order = np.argsort(np.concatenate([arrived, again, arrived[bases]]), kind="stable")
    return Arrivals(row[order], what[order], int(late.sum()))


@dataclass(frozen=True)
class Writer:
    """Writes a shop's events as JSON; `run` keeps the ids of one run apart from those of every other."""

    shop: Shop
    events: Events
    run: str

    @cached_property
    def _categories(self) -> list[str]:
        return [text(CATEGORIES[number]) for number in self.shop.category]

    @cached_property
    def _brands(self) -> list[str]:
        return [text(BRANDS[number]) for number in self.shop.brand]

    def records(self, arrived: Arrivals) -> Iterator[Record]:
        """Write the records; broken ones are of each kind in turn."""
        written = self._write(arrived.row, repeat(None))
        faults = 0
        for what, (key, value) in zip(arrived.what.tolist(), written, strict=True):
            if what == BROKEN:
                sound = json.loads(value) | {"event_id": f"{self.run}-bad-{faults}"}
                value, faults = kind(faults).apply(sound), faults + 1
            yield key, value

    def live(self) -> Iterator[Record]:
        """Write the events as if each happened at the moment at which it is asked for."""
        return self._write(np.arange(len(self.events)), iter(lambda: datetime.now(UTC), None))

    def _write(self, rows: Ints, clock: Iterator[datetime | None]) -> Iterator[Record]:
        for begin in range(0, len(rows), CHUNK):
            chunk = rows[begin : begin + CHUNK]
            columns = [column.tolist() for column in vars(self.events.take(chunk)).values()]
            for row, event in zip(chunk.tolist(), zip(*columns, strict=True), strict=True):
                yield self._record(row, next(clock), *event)

    def _record(
        self, row: int, now: datetime | None, type_: int, at: int, visit: int, shopper: int, product: int,
        quantity: int, cents: int, stars: float,
    ) -> Record:  # fmt: skip
        happened, is_app = now or datetime.fromtimestamp(at / 1000, UTC), visit % 5 == 0
        session_id, user_id = f"{self.run}-s{visit}", None if shopper == NOBODY else f"u{shopper}"
        iso = happened.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {
            "event_id": f'"{self.run}-{row}"',
            "event_type": f'"{TYPES[type_]}"',
            "event_at": str(round(happened.timestamp() * 1000)) if is_app else f'"{iso}"',
            "user_id": user_id and f'"{user_id}"',
            "session_id": f'"{session_id}"',
            "product_id": f'"p{product}"',
            "order_id": f'"{self.run}-o{visit}"' if type_ in (PURCHASE, REFUND) else None,
            "quantity": str(quantity) if quantity != ABSENT else None,
            "price": euros(cents) if cents != ABSENT else None,
            "currency": f'"{CURRENCY}"' if cents != ABSENT else None,
            "rating": str(stars) if type_ == RATING else None,
            "category": self._categories[product],
            "brand": self._brands[product],
            "app_version": '"7.1"' if is_app else None,
            "properties": '{"device":"phone"}' if is_app else '{"device":"browser"}',
        }
        return (user_id or session_id).encode(), obj(event).encode()
