"""What the service knows of the products themselves: one of them, and the categories that there are to ask for.

In: a Snapshot. Out: values only, which api/products words as JSON.
"""

from dataclasses import dataclass

from mart.api.answers import UnknownProduct
from mart.api.catalogue import NONE
from mart.api.recommend import Snapshot, price


@dataclass(frozen=True)
class Product:
    """A product as the catalogue has it; None is what it does not say."""

    product_id: str
    title: str | None
    brand: str | None
    category: str | None
    price: float | None
    currency: str | None
    in_stock: bool


@dataclass(frozen=True)
class Category:
    """A category's path, and how many products lie within it."""

    category: str
    products: int


def number(snapshot: Snapshot, product_id: str) -> int:
    """Find a product's number. Raises UnknownProduct."""
    found = snapshot.numbers.of(product_id)
    if found is None or found >= len(snapshot.catalogue):
        raise UnknownProduct(f"no product {product_id!r} is known: neither the catalogue nor the model names it")
    return found


def product(snapshot: Snapshot, product_id: str) -> Product:
    """Describe a product. Raises UnknownProduct."""
    one, shown = number(snapshot, product_id), snapshot.catalogue
    return Product(
        product_id,
        shown.titles[one],
        _named(shown.makers, int(shown.brand[one])),
        _named(shown.paths, int(shown.category[one])),
        price(shown, one),
        shown.currencies[one],
        bool(shown.in_stock[one]),
    )


def categories(snapshot: Snapshot) -> list[Category]:
    """List the paths, those that lead to others too, in order."""
    shown = snapshot.catalogue
    beginnings = {path[:end] for path in shown.paths for end in _ends(path)}
    return [Category(path, len(shown.within[path])) for path in sorted(beginnings)]


def _ends(path: str) -> list[int]:
    return [*(place for place, letter in enumerate(path) if letter == "."), len(path)]


def _named(names: list[str], place: int) -> str | None:
    return None if place == NONE else names[place]
