"""What the notebooks are run over: the demo's lake, and a lake and a registry in which the platform's own job has trained."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from mart import job
from mart.settings import Als, Settings
from mart.tables import EVENTS, INTERACTIONS, PRODUCTS
from tests import demolake

GOOD = Als(rank=4, iterations=3, alpha=5.0, blocks=1)
BAD = Als(rank=1, iterations=1, alpha=0.01, regularisation=50.0, blocks=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
SHOPPERS, GOODS = 160, 40
COUNTED = {"view": "views", "purchase": "purchases"}

Row = dict[str, Any]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's lake, with the events of those who have an account as its generator wrote them."""
    settings = Settings.read(home=tmp_path_factory.mktemp("demo"))
    demolake.make(settings)
    demolake.rows(settings, EVENTS, list(generated(settings)))
    return settings


def generated(settings: Settings) -> Iterator[Row]:
    """Read the events that the generator wrote, each once, without what it broke on purpose."""
    folder = settings.home / "generated"
    broken = {json.loads(line)["record"] for line in (folder / "rejects.jsonl").read_bytes().splitlines()}
    seen = set()
    for place, line in enumerate((folder / "activity.jsonl").read_bytes().splitlines(), start=1):
        if place not in broken:
            told = json.loads(line)
            at = _instant(told["event_at"])
            if (told["event_id"], at) not in seen:
                seen.add((told["event_id"], at))
                names = ("event_id", "event_type", "user_id", "session_id", "product_id", "quantity")
                yield _event(place, at, {name: told.get(name) for name in names})


def _instant(given: str | int) -> datetime:
    if isinstance(given, int):
        return datetime.fromtimestamp(given / 1000, UTC)
    return datetime.fromisoformat(given).astimezone(UTC)


@pytest.fixture(scope="session")
def trained(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small lake, a champion, and a challenger that the gate refuses, both trained by batch/train_als."""
    settings = Settings.read(home=tmp_path_factory.mktemp("trained")).model_copy(update={"als": GOOD})
    fill(settings)
    train = job.load("batch/train_als")
    for als in (GOOD, BAD):
        train(spark, settings.model_copy(update={"als": als}), job.Options())
    return settings


def fill(settings: Settings) -> None:
    """Write events, batch.interactions at their version, and products."""
    acts = list(camps())
    names = ("event_at", "event_type", "user_id", "product_id")
    events = [
        _event(i, act[0], dict(zip(names, act, strict=True)) | {"event_id": f"e{i}", "quantity": 1})
        for i, act in enumerate(acts)
    ]
    at = demolake.rows(settings, EVENTS, events)
    demolake.rows(settings, INTERACTIONS.at("batch"), list(folded(acts)), ("events", at))
    products = [{"product_id": f"p{i:02}", "title": f"Lamp <b>{i}</b>", "updated_at": START} for i in range(GOODS)]
    demolake.rows(settings, PRODUCTS, products)


def camps() -> Iterator[tuple[datetime, str, str, str]]:
    """Two camps of shoppers, each with its own half of the products, mostly; some do little, some much."""
    chance = random.Random(1)
    for user in range(SHOPPERS):
        for _ in range(4 + 3 * (user // 2 % 6)):
            product = 2 * chance.randrange(GOODS // 2) + (user % 2 if chance.random() < 0.9 else 1 - user % 2)
            at = START + timedelta(minutes=chance.randrange(30 * 24 * 60))
            yield at, "purchase" if chance.random() < 0.3 else "view", f"u{user:03}", f"p{product:02}"


def folded(acts: list[tuple[datetime, str, str, str]]) -> Iterator[Row]:
    """Fold acts as the views do."""
    pairs: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for at, kind, user, product in acts:
        pairs[user, product].append((at, kind))
    for (user, product), some in pairs.items():
        counts = Counter(COUNTED[kind] for _, kind in some)
        times = {"first_at": min(some)[0], "last_at": max(some)[0]}
        numbers = {"views": counts["views"], "cart_adds": 0, "purchases": counts["purchases"]}
        yield {"user_id": user, "product_id": product, **numbers, "quantity": counts["purchases"], **times}


def _event(number: int, at: datetime, said: Row) -> Row:
    place = {"source": "inbox:activity", "partition": "x.jsonl", "offset": f"{number:020}", "arrived_at": at}
    return said | place | {"event_at": at, "event_day": at.date(), "category": "(unknown)", "brand": "(unknown)"}
