"""The three shops: how each writes prices, titles and dates, how it numbers goods, and which of their numbers it states."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from mart.local.demoshop import words
from mart.local.demoshop.goods import Good

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
Texts = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True)
class Shop:
    """Everything that is particular to one shop."""

    name: str
    title: str
    language: str  # of the pages, as HTML declares it
    locale: str  # babel's name of it
    currency: str
    rate: float  # units of the currency for a euro
    cent: Decimal  # the smallest amount
    ending: Decimal  # what a usual price ends with
    amount: str | None  # babel's pattern, where the locale's own isn't what shops of the country write
    product: str  # pattern of a product's path below the shop
    sku: tuple[str, int, int]  # letters, first number, step
    states_gtin: float  # share of products
    states_mpn: float
    says: dict[str, str]
    names: tuple[str, ...]
    texts: Texts
    date: str  # babel's pattern
    entitle: Callable[[Good], str]
    brand: Callable[[str], str] = str
    department: Callable[[str], str] = str.title
    noun: Callable[[str], str] = str.title

    @property
    def called(self) -> str:
        """Give the name that the crawler knows the shop by."""
        return f"demo-{self.name}"

    def number_of(self, sku: str) -> int | None:
        """Tell which good a sku names; None where it is no sku of this shop."""
        letters, first, step = self.sku
        found = re.fullmatch(rf"{letters}(\d+)", sku)
        place, rest = divmod(int(found[1]) - first, step) if found else (-1, 0)
        return place if place >= 0 and not rest else None

    def sku_of(self, number: int) -> str:
        letters, first, step = self.sku
        return f"{letters}{first + step * number}"

    def path(self, title: str, sku: str) -> str:
        """Give the address of a product below the host."""
        plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        return f"/{self.name}{self.product.format(slug=slug, sku=sku)}"

    def usual(self, amount: float) -> Decimal:
        """Round an amount to a price that this shop likes."""
        return Decimal(int(amount)) + self.ending

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(self.cent, ROUND_HALF_UP)

    def money(self, amount: Decimal) -> str:
        shown = format_currency(amount, self.currency, self.amount, self.locale, currency_digits=self.amount is None)
        return str(shown)

    def count(self, number: float) -> str:
        return str(format_decimal(number, locale=self.locale))

    def day(self, day: int) -> str:
        return str(format_date(date_of(day), self.date, locale=self.locale))

    def stars(self, stars: float) -> str:
        return self.says["stars"].format(self.count(stars))


def date_of(day: int) -> datetime:
    """Give the date of a day of the clock."""
    return DAY_0 + timedelta(days=day)


ALPHA = Shop(
    name="alpha",
    title="Alpha Mart",
    language="en-US",
    locale="en_US",
    currency="USD",
    rate=1.09,
    cent=Decimal("0.01"),
    ending=Decimal("0.99"),
    amount=None,
    product="/p/{sku}/{slug}",
    sku=("AL", 100_000, 1),
    states_gtin=0.9,
    states_mpn=0.9,
    says=words.SAYS_ENGLISH,
    names=words.NAMES_ENGLISH,
    texts=words.ENGLISH,
    date="MMMM d, y",
    entitle=lambda good: f"{good.brand} {good.line} {good.noun.title()} {good.model}, {good.colour}",
)
BETA = Shop(
    name="beta",
    title="Beta Versand",
    language="de-DE",
    locale="de_DE",
    currency="EUR",
    rate=1.0,
    cent=Decimal("0.01"),
    ending=Decimal("0.00"),
    amount=None,
    product="/artikel/{slug}-{sku}.html",
    sku=("", 7_000_000, 13),
    states_gtin=0.8,
    states_mpn=0.7,
    says=words.SAYS_GERMAN,
    names=words.NAMES_GERMAN,
    texts=words.GERMAN,
    date="d. MMMM y",
    entitle=lambda good: (
        f"{good.brand} {words.NOUNS_GERMAN[good.noun]} {good.line} {good.model} {words.COLOURS_GERMAN[good.colour]}"
    ),
    department=lambda name: words.DEPARTMENTS_GERMAN[name],
    noun=lambda noun: words.NOUNS_GERMAN[noun],
)
GAMMA = Shop(
    name="gamma",
    title="Gamma Bazaar",
    language="en-IN",
    locale="en_IN",
    currency="INR",
    rate=98.0,
    cent=Decimal(1),
    ending=Decimal(9),
    amount="¤#,##,##0",
    product="/{slug}/p/{sku}",
    sku=("GMT", 2_000_000, 7),
    states_gtin=0.0,
    states_mpn=0.9,
    says=words.SAYS_INDIAN,
    names=words.NAMES_INDIAN,
    texts=words.ENGLISH,
    date="d MMM, y",
    entitle=lambda good: f"{good.brand.upper()} {good.line} {good.noun.title()} ({good.colour}) {good.model}",
    brand=str.upper,
)
SHOPS = {shop.name: shop for shop in (ALPHA, BETA, GAMMA)}
