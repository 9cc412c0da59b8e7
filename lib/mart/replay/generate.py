"""Make a shop and what happens in it: `history` for a period of the past with the truth beside it, `live` from now on.

The same plan gives the same bytes. Two plans with the same seed, shoppers and products share the shop, not the events.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from mart.replay import truth
from mart.replay.record import Record
from mart.replay.send import send, send_products
from mart.replay.shop import Shop
from mart.replay.stream import Shares, Writer, arrivals
from mart.replay.visits import DAY, visits
from mart.settings import Settings

Watch = Callable[[Iterator[Record], int], Iterator[Record]]  # lets records pass, told how many there are

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    """What to make: a period of `days` that ends at `until` (not included), with exactly `events` sound events."""

    shoppers: int = 1_000
    products: int = 500
    events: int = 100_000
    days: float = 30.0
    seed: int = 1
    until: datetime = UNTIL
    shares: Shares = field(default_factory=Shares)

    @property
    def shop(self) -> Shop:
        return Shop(self.seed, self.shoppers, self.products)

    @property
    def asked(self) -> dict[str, Any]:
        return asdict(self) | {"until": self.until.isoformat()}

    @property
    def end(self) -> int:
        """The period's end [epoch ms]."""
        return round(self.until.timestamp() * 1000)

    @property
    def run(self) -> str:
        """Give what keeps the ids of this plan's events apart from those of any other."""
        return "g" + blake2b(json.dumps(self.asked).encode(), digest_size=4).hexdigest()

    def random(self) -> np.random.Generator:
        return np.random.default_rng(list(self.run.encode()))


def history(
    plan: Plan,
    out: Path,
    to: str | None,
    settings: Settings,
    rate: float | None = None,
    watch: Watch = lambda records, total: records,
) -> dict[str, Any]:
    """Make the past: write truth, products and records to `out`, or send the last two. Returns the truth's counts.

    Raises KafkaError and OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    shop, random = plan.shop, plan.random()
    events = visits(shop, random, plan.events, plan.end - round(plan.days * DAY), plan.end)
    arrived = arrivals(random, events, plan.shares)
    told = truth.write(out, shop, events, arrived, plan.run, plan.asked)
    records = watch(Writer(shop, events, plan.run).records(arrived), len(arrived.row))
    products = shop.catalogue(plan.end)
    if to is None:
        _save(out / "products.jsonl", products)
        _save(out / "activity.jsonl", (value for _, value in records))
    else:
        send_products(settings, f"generated-{plan.run}", products)  # first, so that ingest finds them
        send(settings, to, [(f"generated-{plan.run}", records)], rate)
    return told


def live(plan: Plan, settings: Settings, rate: float, watch: Watch = lambda records, total: records) -> int:
    """Send the plan's events to Kafka, `rate` a second, each happening as it is sent; return their number.

    Raises KafkaError.
    """
    shop, now = plan.shop, round(time.time() * 1000)
    events = visits(shop, plan.random(), plan.events, now - round(plan.days * DAY), now)
    send_products(settings, f"generated-{plan.run}", shop.catalogue(now))
    records = watch(Writer(shop, events, f"{plan.run}-{now}").live(), len(events))
    return send(settings, "kafka", [(plan.run, records)], rate).lines


def _save(file: Path, lines: Iterable[bytes]) -> None:
    with file.open("wb") as stream:
        stream.writelines(line + b"\n" for line in lines)
