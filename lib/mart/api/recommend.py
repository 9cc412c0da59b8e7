"""A list for one shopper: what they did is folded into the model, filters work inside the scan, the ladder fills what is left.

In: a Snapshot, what the overlay knows of the shopper, and what is asked for. Out: items, best first. Nothing is changed and
nothing is waited for: the same three always give the same list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from mart.api import acts as overlay
from mart.api import explain, filters, history, ladder
from mart.api.base import Base
from mart.api.catalogue import Catalogue, Mask, Numbers, Positions
from mart.api.filters import Own, Wish
from mart.api.history import Acts
from mart.api.ladder import Place, Popular
from mart.api.model import Factors, Model
from mart.api.recent import Doings
from mart.settings import Api


@dataclass(frozen=True)
class Ask:
    """Whom a list is for, and what it may hold. `products` are looked at now, by somebody who may be nobody we know."""

    user_id: str | None = None
    session_id: str | None = None
    products: tuple[str, ...] = ()
    n: int = 10
    wish: Wish = field(default_factory=Wish)
    variant: str | None = None


@dataclass(frozen=True)
class Item:
    """A product in a list."""

    product_id: str
    score: float
    rank: int
    reason: str
    title: str | None
    price: float | None


@dataclass(frozen=True)
class Snapshot:
    """All that answers are made from, each part unchanging; a newer snapshot takes its place as a whole."""

    numbers: Numbers
    catalogue: Catalogue
    favour: Popular
    base: Base
    models: Mapping[str, Model]  # by alias or version
    guesses: Mapping[str, Factors]  # where each model would place the products that it does not know
    newest: int  # event that the base holds [µs since 1970]


@dataclass(frozen=True)
class Shopper:
    """What is known of one shopper at the moment of a request."""

    acts: Acts
    own: Own
    name: str  # draws the lots for new products


def shopper(snapshot: Snapshot, doings: Doings, ask: Ask, api: Api, now: datetime) -> Shopper:
    """Join history, overlay and visit: each act once, as a fold-in of the exact history would have it."""
    fresh = overlay.beyond(doings.account, snapshot.base.ends) + doings.visit
    parts = [overlay.counted(fresh, snapshot.numbers), _looked_at(snapshot.numbers, ask.products, now)]
    if ask.user_id:
        parts.append(snapshot.base.history.of(ask.user_id))
    acts = history.together(parts)
    bought = acts.purchases > 0
    if api.repurchase_days:
        since = np.datetime64(now.replace(tzinfo=None) - timedelta(days=api.repurchase_days), "us")
        bought &= acts.last_at > since
    found = snapshot.numbers.known
    own = Own(acts.products[bought], found(doings.cart), found(doings.seen | {*ask.products}), found(ask.wish.exclude))
    return Shopper(acts, own, ask.user_id or ask.session_id or "")


def allowed(snapshot: Snapshot, who: Shopper, wish: Wish) -> Mask:
    """Say of each product whether this shopper may be shown it."""
    return filters.allowed(snapshot.catalogue, wish, who.own)


def ranked(snapshot: Snapshot, model_name: str, who: Shopper, ask: Ask, api: Api) -> list[Place]:
    """Fill n places for a shopper by one model."""
    may, model = allowed(snapshot, who, ask.wish), snapshot.models.get(model_name)
    here = ladder.placed(model, who.acts) if model else None
    above = ladder.nearest(model, here, may, ask.n) if model and here is not None else []
    found = ladder.climb(above, snapshot.catalogue, snapshot.favour, who.acts, may, ask.n)
    share = int(api.warm_up_share * ask.n)
    if model is None or not share:
        return found
    guesses = snapshot.guesses[model_name]
    return ladder.mixed(found, ladder.warm(snapshot.catalogue, model, guesses, here, may, share, who.name), ask.n)


def similar(snapshot: Snapshot, model_name: str, product: int, who: Shopper, ask: Ask) -> list[Place]:
    """Fill n places with products like one product, those of its category and brand where the model knows none."""
    own = Own(**{**vars(who.own), "seen": np.append(who.own.seen, np.int32(product))})
    may, model = filters.allowed(snapshot.catalogue, ask.wish, own), snapshot.models.get(model_name)
    above: list[Place] = []
    if model:
        here = model.factors[product] if model.knows(product) else snapshot.guesses[model_name][product]
        above = ladder.alike(model, here, may, ask.n) if here.any() else []
    acts = _once(np.array([product], np.int32), np.datetime64(0, "us"))
    return ladder.climb(above, snapshot.catalogue, snapshot.favour, acts, may, ask.n)


def items(snapshot: Snapshot, model: Model | None, who: Shopper, places: list[Place]) -> list[Item]:
    """Word places as items."""
    shown, ids = snapshot.catalogue, snapshot.numbers.ids
    words = explain.reasons(model, who.acts, places, snapshot.numbers, shown)
    return [
        Item(ids[one.product], one.score, rank, word, shown.titles[one.product], price(shown, one.product))
        for rank, (one, word) in enumerate(zip(places, words, strict=True), start=1)
    ]


def price(shown: Catalogue, product: int) -> float | None:
    """Give a product's price; None where it is not known."""
    found = float(shown.price[product])
    return None if np.isnan(found) else found


def _looked_at(numbers: Numbers, products: tuple[str, ...], now: datetime) -> Acts:
    """Make products one view each."""
    return _once(np.unique(numbers.known(products)), np.datetime64(now.replace(tzinfo=None), "us"))


def _once(products: Positions, at: np.datetime64) -> Acts:
    one, zero = np.ones(len(products), np.int32), np.zeros(len(products), np.int32)
    return Acts(products, one, zero, zero, zero, np.full(len(products), at))
