"""An invented shop: what it sells, and who comes with which tastes.

The same seed, number of shoppers and number of products give the same shop, whatever happens in it. Choice is of low rank, so
that a recommender has something to find: a taste is a distribution over products, a shopper a mixture of few tastes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mart.replay.record import obj, text

CURRENCY = "EUR"
TASTES = 16
FACTORS = 8
FOCUS, FASHION = 4.0, 0.7  # how much taste and popularity weigh in a choice; together views follow Zipf's law, slope -1
WEEK = 7 * 86_400_000  # ms
FIRST_WEEK = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)  # ms; before it prices stand still

DEPARTMENTS = {
    "kitchen": ("kettle", "toaster", "mixer", "frying pan", "knife block"),
    "garden": ("watering can", "lantern", "bench", "bird feeder", "hose"),
    "toys": ("puzzle", "building set", "doll", "kite", "board game"),
    "electronics": ("headphones", "keyboard", "smart watch", "speaker", "charger"),
    "fashion": ("scarf", "raincoat", "sneakers", "backpack", "cap"),
    "home": ("cushion", "table lamp", "wall clock", "rug", "mirror"),
    "sports": ("yoga mat", "dumbbell", "water bottle", "tent", "bike light"),
    "books": ("cookbook", "novel", "atlas", "picture book", "diary"),
}
CATEGORIES = [f"{department}.{noun.replace(' ', '_')}" for department, nouns in DEPARTMENTS.items() for noun in nouns]
NOUNS = [noun for nouns in DEPARTMENTS.values() for noun in nouns]
ADJECTIVES = ("Classic", "Compact", "Vintage", "Everyday", "Nordic", "Bright", "Quiet", "Grand", "Little", "Clever")
COLOURS = ("White", "Black", "Red", "Ivory", "Sage", "Navy", "Copper", "Rosé", "Sand", "Grey")
BRANDS = [
    first + last
    for first in ("Al", "Bru", "Cor", "Den", "El", "Fjo", "Gal", "Hol")
    for last in ("ba", "don", "mar", "vik", "zé")
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """A shop; each part is made when it is first asked for, from its own stream of random numbers."""

    seed: int
    shoppers: int
    products: int

    def random(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.shoppers, self.products, part])

    @cached_property
    def category(self) -> Ints:
        """Number of each product's category [CATEGORIES]."""
        return self.random(1).integers(len(CATEGORIES), size=self.products)

    @cached_property
    def brand(self) -> Ints:
        """Number of each product's brand [BRANDS]."""
        return self.random(2).integers(len(BRANDS), size=self.products)

    @cached_property
    def popularity(self) -> Floats:
        """Share of each product in what people without a taste look at: Zipf's law, exponent 1."""
        weight = 1.0 / self.random(3).permutation(np.arange(1, self.products + 1))
        return np.asarray(weight / weight.sum())

    @cached_property
    def choice(self) -> Floats:
        """Cumulative probability of products, one row a taste and a last one for popularity: (TASTES + 1, products)."""
        random = self.random(4)
        kinds = random.normal(size=(len(CATEGORIES), FACTORS))  # products of a category appeal to the same people
        products = kinds[self.category] + 0.5 * random.normal(size=(self.products, FACTORS))
        tastes = random.normal(size=(TASTES, FACTORS)) / np.sqrt(FACTORS)
        appeal = np.exp(FOCUS * tastes @ products.T) * self.popularity**FASHION
        rows = np.vstack([appeal / appeal.sum(axis=1, keepdims=True), self.popularity])
        return np.asarray(rows.cumsum(axis=1) / rows.sum(axis=1, keepdims=True))

    @cached_property
    def tastes(self) -> NDArray[np.float32]:
        """Cumulative mixture of tastes of each shopper: (shoppers, TASTES); most have one or two."""
        mixture = self.random(5).standard_gamma(0.15, size=(self.shoppers, TASTES), dtype=np.float32) + np.float32(1e-6)
        return np.asarray(mixture.cumsum(axis=1) / mixture.sum(axis=1, keepdims=True))

    @cached_property
    def diligence(self) -> Floats:
        """Cumulative share of visits of each shopper: some come every day, most hardly ever."""
        weight = self.random(6).lognormal(0, 1.2, self.shoppers).cumsum()
        return np.asarray(weight / weight[-1])

    def prices(self, at: Ints, product: Ints) -> Ints:
        """Give the price of products at instants [cents]: every week some of them move a little."""
        weeks = np.maximum(0, (at - FIRST_WEEK) // WEEK)
        wanted, row = np.unique(weeks, return_inverse=True)
        return self._prices_in(wanted)[row, product]

    def _prices_in(self, weeks: Ints) -> Ints:
        random = self.random(7)
        level = random.lognormal(np.log(25), 0.9, self.products)  # EUR
        table = np.empty((len(weeks), self.products), dtype=np.int64)
        for week in range(int(weeks.max(initial=-1)) + 1):
            level = level * np.exp(random.normal(0, 0.05, self.products) * (random.random(self.products) < 0.3))
            table[weeks == week] = np.maximum(99, np.round(level) * 100 - 1)
        return table

    def title(self, product: int) -> str:
        colour, adjective = COLOURS[product % 10], ADJECTIVES[product // 10 % 10]
        return f"{BRANDS[self.brand[product]]} {adjective} {NOUNS[self.category[product]].title()} {colour} {product}"

    def catalogue(self, at: int) -> Iterator[bytes]:
        """Give the products as they are at an instant [epoch ms], as JSON lines for the inbox."""
        prices = self.prices(np.full(self.products, at), np.arange(self.products)).tolist()
        in_stock = (self.random(8).random(self.products) < 0.97).tolist()
        updated_at = text(datetime.fromtimestamp(at / 1000, UTC).isoformat())
        for product, cents in enumerate(prices):
            yield obj(
                {
                    "product_id": text(f"p{product}"),
                    "title": text(self.title(product)),
                    "brand": text(BRANDS[self.brand[product]]),
                    "category": text(CATEGORIES[self.category[product]]),
                    "price": euros(cents),
                    "currency": text(CURRENCY),
                    "in_stock": "true" if in_stock[product] else "false",
                    "updated_at": updated_at,
                }
            ).encode()


def euros(cents: int) -> str:
    """Write an amount as JSON: exact, never through a float."""
    return f"{cents // 100}.{cents % 100:02}"
