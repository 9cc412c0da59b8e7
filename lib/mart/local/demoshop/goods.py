"""The goods themselves, whoever sells them: those of our own invented shop, those that several shops share, those of one.

A good's number within its kind says everything about it, so that a shop of 50,000 starts as quickly as one of 60.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from mart.local.demoshop.chance import chance, pick
from mart.replay.generate import Plan
from mart.replay.shop import ADJECTIVES, BRANDS, COLOURS, DEPARTMENTS, NOUNS

MAKERS = (
    "Lumetta",
    "Tovari",
    "Kestrel & Co",
    "Haldern",
    "Ostrava",
    "Pinewell",
    "Sorenti",
    "Vantora",
    "Mirabo",
    "Quillon",
)
LINES = ("Pro", "Mini", "Max", "Home", "Studio", "Travel", "Comfort", "Eco", "Select", "Original")
KINDS = ("ours", "shared", "alpha", "beta", "gamma")
DEPARTMENT_OF = {noun: department for department, nouns in DEPARTMENTS.items() for noun in nouns}
CHEAPEST, SPREAD = 8.0, 6.5  # euros, and what e is raised to at most: most goods cost tens, a few thousands


@dataclass(frozen=True)
class Good:
    """A good as its maker knows it."""

    product: str  # what it truly is, the same in every shop
    brand: str
    line: str
    noun: str
    colour: str
    model: str
    gtin: str
    mpn: str
    euros: float  # about what it costs

    @property
    def department(self) -> str:
        return DEPARTMENT_OF[self.noun]


@lru_cache(maxsize=4096)
def good(seed: int, kind: str, number: int) -> Good:
    """Make the good of a number within its kind."""
    return _ours(seed, number) if kind == "ours" else _invented(seed, kind, number)


@cache
def ours(seed: int) -> int:
    """Count the products of our own shop, as `mart generate` makes it with this seed."""
    return Plan(seed=seed).products


@cache
def _our_prices(seed: int) -> list[int]:
    plan = Plan(seed=seed)
    return [int(cents) for cents in plan.shop.prices(np.full(plan.products, plan.end), np.arange(plan.products))]


def _ours(seed: int, number: int) -> Good:
    """Take a product of our own shop; its title there ends with its colour and number."""
    shop = Plan(seed=seed).shop
    brand = BRANDS[_features(seed)[0][number]]
    return Good(
        product=f"p{number}",
        brand=brand,
        line=ADJECTIVES[number // 10 % 10],
        noun=NOUNS[_features(seed)[1][number]],
        colour=COLOURS[number % 10],
        model=str(number),
        gtin=gtin("ours", number),
        mpn=f"{brand[:3].upper()}-{number + shop.seed * 1000}",
        euros=_our_prices(seed)[number] / 100,
    )


@cache
def _features(seed: int) -> tuple[list[int], list[int]]:
    """Give the number of brand and of category of each of our products."""
    shop = Plan(seed=seed).shop
    return shop.brand.tolist(), shop.category.tolist()


def _invented(seed: int, kind: str, number: int) -> Good:
    """Invent a good. Two neighbours differ in colour alone, and with it in their numbers: they are not the same."""
    pair = number // 2
    key = (seed, kind, pair)
    departments = list(DEPARTMENTS)
    noun = pick(DEPARTMENTS[departments[pair % len(departments)]], *key, "noun")
    colour = COLOURS[(int(chance(*key, "colour") * 10) + number % 2 * 3) % 10]
    model = f"{noun[0]}{kind[0]}-{1000 + pair}".upper()
    return Good(
        product=f"{kind}-{number}",
        brand=pick(MAKERS, *key, "brand"),
        line=pick(LINES, *key, "line"),
        noun=noun,
        colour=colour,
        model=model,
        gtin=gtin(kind, number),
        mpn=f"{model}-{colour[:2]}".upper(),
        euros=CHEAPEST * float(np.exp(SPREAD * chance(*key, "euros") ** 1.6)),
    )


def gtin(kind: str, number: int) -> str:
    """Number a good for the world: GTIN-13 with its check digit."""
    digits = f"4{KINDS.index(kind)}{number:010}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"
