"""Sightings of a few offers for tests of ingest and alerts, good and bad, and what must come of them, by plain loops."""

import json
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mart import sightings
from mart.edges import producing
from mart.settings import Settings

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
BAD = (
    b"rubbish",
    b'{"shop": "a"}',
    b'{"shop": "a", "offer_id": "1", "url": "u", "seen_at": "2026-11-01", "price": "x"}',
    b"",
)

Told = tuple[str, str, str, datetime]  # kind, shop, offer, instant


@dataclass
class Market:
    """Shops whose offers are seen again and again; every sighting is later than those of its offer before it."""

    seed: int
    good: list[dict[str, Any]] = field(default_factory=list)
    bad: int = 0
    twice: int = 0
    hours: int = 0

    def records(self, count: int) -> list[bytes]:
        """See some offers; some records are broken, some come twice."""
        dice = random.Random(f"{self.seed} {self.hours}")
        made: list[bytes] = []
        for _ in range(count):
            self.hours += 1
            record = self._sighting(dice)
            self.good.append(record)
            made.append(json.dumps(record).encode())
            if dice.random() < 0.1:
                made.append(dice.choice(BAD))
                self.bad += 1
            if dice.random() < 0.1:
                made.append(json.dumps(dice.choice(self.good[-20:])).encode())
                self.twice += 1
        return made

    def _sighting(self, dice: random.Random) -> dict[str, Any]:
        shop, offer = dice.choice("ab"), dice.choice("1234")
        price = dice.choice([10, 10, 10, 10.2, 9, 12, 30, None])
        review = {"review_id": dice.choice("xy"), "rating": dice.randrange(6), "title": dice.choice(["awful", "great"])}
        return {
            "shop": shop, "offer_id": offer, "url": f"https://{shop}/{offer}", "crawl_id": f"{shop}{self.hours // 40}",
            "seen_at": (BEGIN + timedelta(hours=self.hours)).isoformat(), "title": f"Lamp {offer}",
            "price": None if price is None else str(price), "currency": None if price is None else "EUR",
            "in_stock": dice.choice([True, True, True, False, None]), "reviews": [review] if dice.random() < 0.5 else [],
        }  # fmt: skip

    def send(self, settings: Settings, count: int) -> None:
        """Publish as a spider does: all sightings of an offer in one partition, in order."""
        records = self.records(count)
        producing.publish(settings.kafka.brokers, settings.kafka.product_details, ((key(one), one) for one in records))

    def reviews(self) -> dict[tuple[str, str, str], float]:
        """The newest state of each review."""
        return {
            (one["shop"], one["offer_id"], review["review_id"]): float(review["rating"])
            for one in self.good
            for review in one["reviews"]
        }


def key(record: bytes) -> bytes:
    """Give a record's key; a broken one has some other."""
    try:
        said = json.loads(record)
        return sightings.key(said["shop"], said["offer_id"])
    except (ValueError, KeyError):
        return b"broken"


def alerts(seen: Iterable[dict[str, Any]], quiet: timedelta = timedelta(hours=24)) -> set[Told]:
    """What must be told of sightings, one after the other, with the settings' defaults and without our own prices."""
    told: set[Told] = set()
    offers: dict[tuple[str, str], dict[str, Any]] = {}
    first_crawl: dict[str, str] = {}
    last_told: dict[tuple[str, str, str], datetime] = {}
    for one in sorted(seen, key=lambda s: s["seen_at"]):
        place, at = (one["shop"], one["offer_id"]), datetime.fromisoformat(one["seen_at"])
        known = offers.get(place)
        first = first_crawl.setdefault(one["shop"], one["crawl_id"])
        kinds = ({"new_offer"} if first != one["crawl_id"] else set()) if known is None else _kinds(known, one)
        for kind in kinds:
            if (kind, *place) not in last_told or at - last_told[(kind, *place)] >= quiet:
                last_told[(kind, *place)] = at
                told.add((kind, *place, at))
        _remember(offers.setdefault(place, {"price": None, "stock": None, "logs": []}), one)
    return told


def _kinds(known: dict[str, Any], one: dict[str, Any]) -> set[str]:
    kinds = set()
    if one["price"] and known["price"]:
        price = float(one["price"])
        change = Decimal(one["price"]) / Decimal(str(known["price"])) - 1
        kinds |= (
            {"price_drop"} if change <= Decimal("-0.05") else {"price_rise"} if change >= Decimal("0.05") else set()
        )
        if len(known["logs"]) >= 5:
            n, mean = len(known["logs"]), sum(known["logs"]) / len(known["logs"])
            spread = math.sqrt(sum((log - mean) ** 2 for log in known["logs"]) / (n - 1))
            kinds |= {"anomaly"} if abs(math.log(price) - mean) > 4 * max(spread, 0.02) else set()
    if known["stock"] is True and one["in_stock"] is False:
        kinds.add("out_of_stock")
    if known["stock"] is False and one["in_stock"] is True:
        kinds.add("back_in_stock")
    return kinds


def _remember(known: dict[str, Any], one: dict[str, Any]) -> None:
    if one["price"]:
        known["price"] = float(one["price"])
        known["logs"].append(math.log(known["price"]))
    if one["in_stock"] is not None:
        known["stock"] = one["in_stock"]
