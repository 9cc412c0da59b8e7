"""Snapshots of invented shops, made without a lake: what the ladder, the filters and the reasons are tried on."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from mart.api import catalogue, history, ladder, model, recommend
from mart.api.acts import Act
from mart.api.base import Base
from mart.api.catalogue import Numbers
from mart.api.recent import Doings
from mart.api.recommend import Ask, Item, Snapshot
from mart.edges.registry import Released
from mart.settings import Als, Api

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATEGORIES = ("home.rugs", "home.lamps", "toys", "Garden > Tools", None)
BRANDS = ("Alba", "Corvik", None)
AT = round(NOW.timestamp() * 1e6)


@dataclass(frozen=True)
class Product:
    """A product of an invented shop."""

    product_id: str
    category: str | None
    brand: str | None
    price: float | None
    in_stock: bool | None


SHELF = [
    Product("rug", "home.rugs", "Alba", 10, True),
    Product("lamp", "home.lamps", "Corvik", 20, True),
    Product("ball", "toys", "Alba", 30, True),
    Product("rake", "Garden > Tools", None, None, True),
    Product("kite", "toys", "Corvik", 50, False),
]


def products(size: int, seed: int) -> list[Product]:
    """Invent products: some without price, category or brand, some out of stock."""
    dice = np.random.default_rng(seed)
    return [
        Product(
            f"p{number}",
            CATEGORIES[dice.integers(len(CATEGORIES))],
            BRANDS[dice.integers(len(BRANDS))],
            None if dice.random() < 0.1 else float(dice.integers(1, 100)),
            [True, True, True, False, None][dice.integers(5)],
        )
        for number in range(size)
    ]


def snapshot(
    sold: list[Product],
    bought: list[tuple[str, str]] = (),  # type: ignore[assignment]
    trained: int | None = None,
    seed: int = 0,
    rank: int = 4,
) -> Snapshot:
    """Put a shop together whose model knows the first `trained` products, all by default, none for 0."""
    numbers, dice = Numbers(), np.random.default_rng(seed)
    columns = {name: [getattr(one, name) for one in sold] for name in ("product_id", "category", "brand")}
    columns |= {
        "currency": ["EUR"] * len(sold),
        "title": [f"Title of {one.product_id}" if index % 3 else None for index, one in enumerate(sold)],
    }
    given = pa.table(columns | {"price": pa.array([one.price for one in sold], pa.float64())})
    given = given.append_column("in_stock", pa.array([one.in_stock for one in sold], pa.bool_()))
    shown = catalogue.of(given, numbers)
    known = len(sold) if trained is None else trained
    models = {"champion": _model(numbers, sold[:known], dice, rank)} if known else {}
    counts = {name: dice.integers(0, 20, len(sold)) for name in ladder.WEIGHTS}
    favour = ladder.popular(pa.table({"product_id": columns["product_id"], **counts}), numbers)
    base = Base(history.of(interactions(bought), numbers), 7, {}, len(numbers))
    guesses = {name: model.guessed(one, shown) for name, one in models.items()}
    return Snapshot(numbers, shown, favour, base, models, guesses, 0)


def interactions(bought: list[tuple[str, str]], at: datetime = NOW) -> pa.Table:
    """Make rows of interactions of pairs that were bought, once each."""
    users, items = ([pair[side] for pair in bought] for side in (0, 1))
    ones = {name: pa.array([1] * len(bought), pa.int64()) for name in ("views", "cart_adds", "purchases", "quantity")}
    ids = {"user_id": pa.array(users, pa.string()), "product_id": pa.array(items, pa.string())}
    return pa.table({**ids, **ones, "last_at": pa.array([at] * len(bought), pa.timestamp("us", "UTC"))})


def act(kind: str, product_id: str, user_id: str | None = "u", pieces: int = 1) -> Act:
    """Make an act that has just come."""
    return Act(0, 0, product_id, kind, pieces, AT, user_id)


def doings(*acts: Act, cart: tuple[str, ...] = (), seen: tuple[str, ...] = ()) -> Doings:
    """Make what the overlay knows of a shopper."""
    return Doings(list(acts), [], {*cart}, {*seen}, False)


def served(shop: Snapshot, ask: Ask, did: Doings | None = None, **api: float) -> list[Item]:
    settings = Api.model_validate(api)
    who = recommend.shopper(shop, did or doings(), ask, settings, NOW)
    places = recommend.ranked(shop, "champion", who, ask, settings)
    return recommend.items(shop, shop.models.get("champion"), who, places)


def shown(shop: Snapshot, ask: Ask, did: Doings | None = None, **api: float) -> list[str]:
    return [item.product_id for item in served(shop, ask, did, **api)]


def _model(numbers: Numbers, sold: list[Product], dice: np.random.Generator, rank: int) -> model.Model:
    place = numbers.known(one.product_id for one in sold)
    released = Released("3", 7, Als(rank=rank, alpha=2.0), NOW)
    return model.of(released, place, dice.normal(size=(len(sold), rank)).astype(np.float32), len(numbers))
