"""What the shop sells, as arrays that a scan can filter by: price, stock, category and brand, one entry a product.

In: processed.products. Out: a Catalogue whose arrays are in order of `Numbers`, which deals each product id a number for the
life of the process. A catalogue is never changed: a newer one takes its place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mart.edges import delta
from mart.settings import Settings
from mart.tables import PRODUCTS

Positions = NDArray[np.int32]
Mask = NDArray[np.bool_]
Array = TypeVar("Array", bound=NDArray[Any])

COLUMNS = ("product_id", "title", "brand", "category", "price", "currency", "in_stock")
_LEVELS = re.compile(r"\s*>\s*|\.")  # a dot or ' > ', as the sources have them
NONE = -1  # of a product without category or brand


class Numbers:
    """Deals numbers to product ids, 0, 1, 2 …; only one thread deals, any may ask. A number is never given again."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, product_id: str) -> int | None:
        return self._of.get(product_id)

    def known(self, ids: Iterable[str]) -> Positions:
        """Find the numbers of those that have one."""
        found = (self._of.get(one) for one in ids)
        return np.array([number for number in found if number is not None], np.int32)

    def deal(self, ids: pa.ChunkedArray) -> Positions:
        """Give the number of each id of a column, a new one where it has none; new ones are dealt in order of id."""
        encoded = ids.combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        for name in sorted(name for name in names if name not in self._of):
            self.ids.append(name)
            self._of[name] = len(self.ids) - 1
        dealt = np.array([self._of[name] for name in names], np.int32)
        return np.asarray(dealt[np.asarray(encoded.indices)])


@dataclass(frozen=True)
class Catalogue:
    """The products by number; one that the catalogue does not know has no title, no price, and counts as in stock.

    `within` names, for each level of a category's path and for each path down to it, the products there; a category or
    brand is spelled in lower case.
    """

    version: int | None  # of processed.products
    titles: list[str | None]
    price: NDArray[np.float64]  # NaN where unknown
    currencies: list[str | None]
    in_stock: Mask
    listed: Mask  # known to the catalogue
    category: Positions  # number of the whole path, a place in `paths`
    department: Positions  # number of the path's first level
    brand: Positions  # a place in `makers`
    paths: list[str]
    makers: list[str]
    within: Mapping[str, Positions]
    brands: Mapping[str, Positions]

    def __len__(self) -> int:
        return len(self.titles)


def load(settings: Settings, numbers: Numbers, known: Catalogue | None = None) -> Catalogue:
    """Read the catalogue as it is now, for all products that have a number; `known` is given back where nothing changed."""
    opened = delta.open_table(settings, PRODUCTS.path)
    version = opened.version() if opened else None
    if known is not None and known.version == version and len(known) == len(numbers):
        return known
    rows = opened.to_pyarrow_dataset().to_table(columns=list(COLUMNS)) if opened else _nothing()
    return of(rows, numbers, version)


def of(rows: pa.Table, numbers: Numbers, version: int | None = None) -> Catalogue:
    """Put rows of processed.products in order of number."""
    place, products = numbers.deal(rows["product_id"]), len(numbers)
    named = _texts(rows["brand"])
    levels = [[one for one in _LEVELS.split(path) if one] if path else [] for path in _texts(rows["category"])]
    titles, currencies = (
        _spread(np.full(products, None), place, rows[name].to_pylist()).tolist() for name in ("title", "currency")
    )
    price = rows["price"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    in_stock = [one is not False for one in rows["in_stock"].to_pylist()]
    (paths, in_path), (_, in_department), (makers, of_brand) = (
        _coded(texts) for texts in ([".".join(one) for one in levels], [one[0] if one else "" for one in levels], named)
    )
    category, department, brand = (
        _spread(np.full(products, NONE, np.int32), place, code) for code in (in_path, in_department, of_brand)
    )
    return Catalogue(
        version,
        titles,
        _spread(np.full(products, np.nan), place, price),
        currencies,
        _spread(np.ones(products, bool), place, in_stock),
        _spread(np.zeros(products, bool), place, True),
        category,
        department,
        brand,
        paths,
        makers,
        within=_gathered(place, [_labels(one) for one in levels]),
        brands=_gathered(place, [{name} if name else set() for name in named]),
    )


def spelled(category: str) -> str:
    """Spell a category as `within` does: `Home > Rugs` is `home.rugs`."""
    return ".".join(one for one in _LEVELS.split(category.strip().lower()) if one)


def _labels(levels: list[str]) -> set[str]:
    """Name all that a path lies within: `home.rugs` lies within home, rugs and home.rugs."""
    return {*levels, *(".".join(levels[: depth + 1]) for depth in range(len(levels)))}


def _texts(column: pa.ChunkedArray) -> list[str]:
    return [(one or "").strip().lower() for one in column.to_pylist()]


def _coded(texts: list[str]) -> tuple[list[str], Positions]:
    """Number texts in order, and say which number is which; an empty one is NONE."""
    names = sorted(set(texts) - {""})
    known = {text: number for number, text in enumerate(names)}
    return names, np.array([known.get(text, NONE) for text in texts], np.int32)


def _gathered(place: Positions, labels: list[set[str]]) -> dict[str, Positions]:
    found: dict[str, list[int]] = {}
    for number, names in zip(place.tolist(), labels, strict=True):
        for name in names:
            found.setdefault(name, []).append(number)
    return {name: np.array(numbers, np.int32) for name, numbers in found.items()}


def _spread(into: Array, place: Positions, values: object) -> Array:
    """Lay values at their places."""
    into[place] = values
    return into


def _nothing() -> pa.Table:
    kinds = {"price": pa.float64(), "in_stock": pa.bool_()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS]).empty_table()
