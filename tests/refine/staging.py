"""Sightings for tests of refine: staged as the Lambda stages them, and what must come of them, by plain loops."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mart.edges import snowflake
from mart.refine import warehouse
from mart.settings import Settings
from mart.tables.staged import PRODUCT_DETAILS

DAY0 = datetime(2026, 11, 1, tzinfo=UTC)
Key = tuple[str, str, datetime]


@dataclass(frozen=True)
class Seen:
    """One sighting; the rest of a record follows from it."""

    shop: str
    offer: str
    day: float
    price: str | None = "10"
    currency: str = "EUR"
    in_stock: bool | None = True
    title: str = ""
    gtin: str | None = None
    reviews: tuple[dict[str, Any], ...] = ()

    @property
    def at(self) -> datetime:
        return DAY0 + timedelta(days=self.day)

    @property
    def state(self) -> tuple[Decimal | None, str | None, bool | None]:
        price = None if self.price is None else Decimal(self.price)
        return price, None if price is None else self.currency, self.in_stock

    def row(self, place: int) -> dict[str, Any]:
        url = f"https://{self.shop}/{self.offer}"
        price, currency, in_stock = self.state
        given = {
            "topic": "product-details", "partition": place % 2, "offset": place, "shop": self.shop, "offer_id": self.offer,
            "seen_at": self.at.replace(tzinfo=None), "sku": self.offer, "url": url, "gtin": self.gtin,
            "title": self.title or f"Thing {self.offer} of {self.shop}", "price": price, "currency": currency,
            "in_stock": in_stock, "layer": "structured", "crawl_id": f"{self.shop}-{int(self.day)}", "http_status": 200,
            "outcome": "new", "reviews": json.dumps(self.reviews), "received_at": datetime(2026, 11, 20),  # noqa: DTZ001 UTC
        }  # fmt: skip
        return {name: given.get(name) for name in PRODUCT_DETAILS.names}


def stage(settings: Settings, seen: Iterable[Seen], first: int = 0) -> int:
    """Put sightings into the staging table. Returns the next free place."""
    rows = [one.row(place) for place, one in enumerate(seen, first)]
    names = ", ".join(PRODUCT_DETAILS.names)
    marks = ", ".join(["(" + ", ".join(["%s"] * len(PRODUCT_DETAILS.names)) + ")"] * len(rows))
    with snowflake.connect(settings) as session:
        warehouse.prepare(session)
        values = [value for row in rows for value in row.values()]
        session.change(f"INSERT INTO {PRODUCT_DETAILS.full_name} ({names}) VALUES {marks}", *values)
    return first + len(rows)


def history(seen: Iterable[Seen]) -> dict[Key, tuple[Decimal | None, str | None, bool | None]]:
    """The change points that sightings come to, whatever their order."""
    found: dict[Key, Any] = {}
    last: dict[tuple[str, str], Any] = {}
    for one in sorted({(s.shop, s.offer, s.at): s for s in seen}.values(), key=lambda s: s.at):
        place = (one.shop, one.offer)
        if place not in last or last[place] != one.state:
            found[(one.shop, one.offer, one.at)] = one.state
        last[place] = one.state
    return found
