"""What must not be shown: each filter by its name, as a mask over all products, so that the scan itself leaves them out.

In: a Wish, as the request words it, and what is the shopper's own: bought, in the cart, looked at in this visit. Out: the
products allowed; or, for one of them, the names of the filters that keep it out. Both come from the same masks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from mart.api.catalogue import Catalogue, Mask, Positions, spelled

NOWHERE: Positions = np.zeros(0, np.int32)

SAID = {
    "purchased": "the shopper has bought it",
    "in_cart": "it is in the shopper's cart",
    "seen": "the shopper has looked at it in this visit",
    "excluded": "the request excludes it",
    "out_of_stock": "it is out of stock",
    "category": "it is not in the category that was asked for",
    "brand": "it is not of the brand that was asked for",
    "price": "its price is not in the range that was asked for, or is not known",
}


@dataclass(frozen=True)
class Wish:
    """What a request asks for. `any` of the categories is enough, or the product must lie in `all` of them."""

    category: tuple[str, ...] = ()
    category_mode: Literal["any", "all"] = "any"
    brand: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool = True  # leave out what is known to be out of stock
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Own:
    """What the shopper has to do with products already, by number."""

    purchased: Positions = field(default_factory=lambda: NOWHERE)
    in_cart: Positions = field(default_factory=lambda: NOWHERE)
    seen: Positions = field(default_factory=lambda: NOWHERE)
    excluded: Positions = field(default_factory=lambda: NOWHERE)


def allowed(catalogue: Catalogue, wish: Wish, own: Own) -> Mask:
    """Say of each product whether it may be shown."""
    mask = np.ones(len(catalogue), bool)
    for _, passes in filters(catalogue, wish, own):
        mask &= passes
    return mask


def against(catalogue: Catalogue, wish: Wish, own: Own, product: int) -> list[str]:
    """Name the filters that keep a product out; none where it may be shown."""
    return [name for name, passes in filters(catalogue, wish, own) if not passes[product]]


def filters(catalogue: Catalogue, wish: Wish, own: Own) -> Iterator[tuple[str, Mask]]:
    """Give each filter that is at work, with the products that pass it."""
    for name, products in vars(own).items():
        if len(products):
            yield name, ~_among(catalogue, products)
    if wish.in_stock:
        yield "out_of_stock", catalogue.in_stock
    if wish.category:
        found = [_among(catalogue, _named(catalogue.within, spelled(one))) for one in wish.category]
        yield "category", np.logical_and.reduce(found) if wish.category_mode == "all" else np.logical_or.reduce(found)
    if wish.brand:
        brands = [_among(catalogue, _named(catalogue.brands, one.strip().lower())) for one in wish.brand]
        yield "brand", np.logical_or.reduce(brands)
    if wish.min_price is not None or wish.max_price is not None:
        low, high = wish.min_price or 0, np.inf if wish.max_price is None else wish.max_price
        yield "price", (catalogue.price >= low) & (catalogue.price <= high)  # an unknown price is in no range


def _among(catalogue: Catalogue, products: Positions) -> Mask:
    mask = np.zeros(len(catalogue), bool)
    mask[products[products < len(catalogue)]] = True
    return mask


def _named(places: Mapping[str, Positions], name: str) -> Positions:
    return places.get(name, NOWHERE)
