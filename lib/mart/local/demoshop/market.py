"""What each shop offers on a day: the truth that pages show, and that a test can compare with what was read.

In: a seed, the number of products of each shop at first, a day. Out: offers, their reviews, and the truth as plain rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mart.local.demoshop.chance import chance, pick
from mart.local.demoshop.days import State, state
from mart.local.demoshop.goods import Good, good, ours
from mart.local.demoshop.shops import SHOPS, Shop

NEW_A_DAY = 30  # one new listing for so many products, each day


@dataclass(frozen=True)
class Review:
    """What a shopper wrote."""

    review_id: str
    stars: int
    title: str
    body: str
    author: str
    day: int


@dataclass(frozen=True)
class Offer:
    """A good in a shop on a day."""

    shop: Shop
    number: int
    good: Good
    title: str
    gtin: str | None  # None where the page doesn't state it, so also below
    mpn: str | None
    price: Decimal
    list_price: Decimal | None
    rating: float
    rating_count: int
    listed: int
    state: State

    @property
    def sku(self) -> str:
        return self.shop.sku_of(self.number)

    @property
    def path(self) -> str:
        return self.shop.path(self.title, self.sku)

    @property
    def brand(self) -> str:
        return self.shop.brand(self.good.brand)

    @property
    def category(self) -> list[str]:
        return [self.shop.department(self.good.department), self.shop.noun(self.good.noun)]

    def truth(self) -> dict[str, Any]:
        """Say what is true of it, in the words of the crawler's item."""
        return {
            "shop": self.shop.called,
            "sku": self.sku,
            "path": self.path,
            "product": self.good.product,
            "title": self.title,
            "brand": self.brand,
            "gtin": self.gtin,
            "mpn": self.mpn,
            "category": " > ".join(self.category),
            "price": str(self.price),
            "currency": self.shop.currency,
            "list_price": None if self.list_price is None else str(self.list_price),
            "in_stock": self.state.in_stock,
            "rating": self.rating if self.state.reviewed else None,
            "rating_count": self.rating_count if self.state.reviewed else None,
            "reviews": len(self.state.reviewed),
            "listed_day": self.listed,
            "changed_day": self.state.changed,
        }


@dataclass(frozen=True)
class Market:
    """All shops; each offers the same `products` numbers at first and some more every day."""

    seed: int = 1
    products: int = 60

    @property
    def new_a_day(self) -> int:
        return max(1, self.products // NEW_A_DAY)

    def count(self, day: int) -> int:
        """Count the offers of each shop."""
        return self.products + day * self.new_a_day

    def offers(self, shop: Shop, day: int) -> Iterator[Offer]:
        return (self.offer(shop, number, day) for number in range(self.count(day)))

    def offer(self, shop: Shop, number: int, day: int) -> Offer:
        """Tell how a shop offers its good of a number on a day."""
        key = (self.seed, shop.name, number)
        what = self.good(shop, number)
        listed = max(0, (number - self.products) // self.new_a_day + 1)
        now = state((self.seed, shop.name), number, listed, day)
        usual = shop.usual(what.euros * shop.rate * (0.85 + 0.3 * chance(*key, "level")))
        price = shop.rounded(usual * now.factor)
        struck = shop.usual(float(usual) * (1.2 + 0.3 * chance(*key, "list price")))
        return Offer(
            shop=shop,
            number=number,
            good=what,
            title=shop.entitle(what),
            gtin=what.gtin if chance(*key, "gtin") < shop.states_gtin else None,
            mpn=what.mpn if chance(*key, "mpn") < shop.states_mpn else None,
            price=price,
            list_price=struck if chance(*key, "struck") < 0.35 and struck > price else None,
            rating=round(2.6 + 2.3 * chance(*key, "rating"), 1),
            rating_count=int(10 ** (1.2 + 3 * chance(*key, "ratings"))) + len(now.reviewed),
            listed=listed,
            state=now,
        )

    def good(self, shop: Shop, number: int) -> Good:
        """Choose a shop's good: a third as in our own shop, a third as other shops have them, a third of its own."""
        place, slot = divmod(number, 3)
        turn = list(SHOPS).index(shop.name)
        if slot == 0 and place < ours(self.seed) and (turn == 0 or place % 3 != turn):
            return good(self.seed, "ours", place * 7 % ours(self.seed))
        if slot == 1 and (place + turn) % 4 != 3:
            return good(self.seed, "shared", place)
        return good(self.seed, shop.name, number)

    def reviews(self, offer: Offer) -> list[Review]:
        """Give what shoppers wrote, the newest first."""
        written = [self._review(offer, number, day) for number, day in enumerate(offer.state.reviewed)]
        return written[::-1]

    def _review(self, offer: Offer, number: int, day: int) -> Review:
        shop, key = offer.shop, (self.seed, offer.shop.name, offer.number, "review", number)
        stars = min(5, max(1, round(offer.rating + 3 * (chance(*key, "stars") - 0.5))))
        titles, sentences = shop.texts["bad" if stars < 3 else "middling" if stars == 3 else "good"]
        first = int(chance(*key, "body") * len(sentences))
        body = f"{sentences[first]} {sentences[(first + 1 + number % 3) % len(sentences)]}"
        return Review(
            review_id=f"R{offer.sku}-{number + 1}",
            stars=stars,
            title=pick(titles, *key, "title"),
            body=body.format(noun=offer.category[1]),
            author=pick(shop.names, *key, "author"),
            day=day,
        )

    def truth(self, day: int) -> list[dict[str, Any]]:
        """Say what is true on a day of every offer of every shop."""
        return [offer.truth() for shop in SHOPS.values() for offer in self.offers(shop, day)]

    def department(self, shop: Shop, department: str, day: int) -> list[int]:
        """List the numbers of a shop's offers in a department, the newest first."""
        if department == "all":
            return list(range(self.count(day)))[::-1]
        return [
            number for number, its in enumerate(_departments(self, shop.name, self.count(day))) if its == department
        ][::-1]


@lru_cache(maxsize=8)
def _departments(market: Market, shop: str, count: int) -> list[str]:
    return [market.good(SHOPS[shop], number).department for number in range(count)]
