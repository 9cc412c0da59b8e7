"""A product page: structured data, what is visible, and what both together say.

A page object gets a response and returns an item; it never fetches. Where the visible price and structured data disagree the
visible one wins, and the item says so.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from babel import Locale
from lxml.html import HtmlElement, document_fromstring
from web_poet import HttpResponse

from scrapers.item import Item, shop
from scrapers.pages import (
    crumbs,
    identity,
    labels,
    locales,
    ratings,
    reviews,
    stock,
    structured,
    values,
    visible,
    weights,
)
from scrapers.pages.ratings import Rated
from scrapers.pages.structured import Claim
from scrapers.pages.visible import Shown

# Of an amount's weight (pages/visible):
FAIR, CLEAR = 2.0, 1.5  # enough where no other amount comes near it
POOR, ALONE = -1.0, 4.0  # enough where there is hardly another
SURE = 5.0  # enough by itself
SURER = 6.0  # enough against structured data
BESIDE = 10  # elements: amounts this near the price explain it, without tax or before a discount
_AROUND = 120  # characters around a price that may explain it
CLOSE = 2.5  # what structured data vouches for may be this much worse than the best


@dataclass
class ProductPage:
    """A response, read once, and what each reading of it finds."""

    response: HttpResponse
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def tree(self) -> HtmlElement:
        """The page; one without anything where the response is no HTML."""
        root = self.response.selector.root
        return root if isinstance(root, HtmlElement) else document_fromstring("<html/>")

    @cached_property
    def url(self) -> str:
        return str(self.response.url)

    @property
    def shop(self) -> str:
        """The shop's name: its host's, where one host is one shop."""
        return shop(self.url)

    @cached_property
    def locale(self) -> Locale | None:
        return locales.find(self.url, self.tree.get("lang") or self._meta("og:locale"))

    @cached_property
    def elements(self) -> list[HtmlElement]:
        """What is shown, in reading order."""
        return list(visible.seen(self.tree))

    @cached_property
    def claim(self) -> Claim:
        return structured.claim(self.tree, self.url, self.locale)

    @cached_property
    def heading(self) -> tuple[int, str | None]:
        """Where the title stands, and what it says: the heading that structured data or <title> names, else the first."""
        named = self.claim.title or self.tree.findtext(".//title") or ""
        heads = [
            (n, visible.text(e)) for n, e in enumerate(self.elements) if e.tag == "h1" or e.get("itemprop") == "name"
        ]
        heads = [(place, text) for place, text in heads if text]
        return max(heads, key=lambda one: (values.alike(one[1], named), -one[0]), default=(0, None))

    @cached_property
    def shown(self) -> list[Shown]:
        return weights.weigh(visible.amounts(self.elements, self.locale), self.elements, self.heading[0])

    def item(self) -> Item:
        """Put together what the readings agree on."""
        claim, place = self.claim, self.heading[0]
        item = Item(
            shop=self.shop,
            url=claim.url if claim.url and claim.url.startswith("http") else self.url,
            seen_at=self.seen_at,
        )
        item.title = claim.title or self.heading[1]
        item.image = claim.image
        self._named(item)
        item.category = claim.category or crumbs.path(self.elements, place, item.title, self.url)
        self._rated(item)
        item.reviews = [reviews.stated(one, self.locale) for one in claim.reviews]
        self._price(item)
        item.sku = identity.agreed(
            claim.sku or _number(claim.product_id),
            identity.labelled(self.elements, place),
            identity.of_address(self.url, self.response.text),
            identity.attributes(self.tree),
        )
        said = stock.shown(self.elements, place)
        item.in_stock = claim.in_stock if said is None else said
        return item

    def _named(self, item: Item) -> None:
        """Brand, GTIN and the maker's number: as stated for programs, else as the page labels them."""
        claim, place = self.claim, self.heading[0]
        said = labels.facts(self.elements, place)
        item.gtin = (claim.gtin and labels.gtin(claim.gtin)) or said.get("gtin")
        item.mpn = claim.mpn or said.get("mpn")
        stated = claim.brand if labels.names_brand(claim.brand) else None
        item.brand = stated or said.get("brand") or labels.named_brand(self.elements, place)

    def _rated(self, item: Item) -> None:
        claim = self.claim
        rated: Rated | Claim = claim if claim.rating is not None else ratings.shown(self.elements, self.heading[0])
        item.rating = rated.rating
        item.rating_count = claim.rating_count if claim.rating_count is not None else rated.rating_count
        item.review_count = claim.review_count if claim.review_count is not None else rated.review_count

    def _price(self, item: Item) -> None:
        claim, best = self.claim, self._shown_price()
        if best is None:
            item.price, item.currency, item.list_price = claim.price, claim.currency, claim.list_price
            item.layer = None if claim.price is None else "structured"
            return
        item.price, item.layer = best.money.amount, "visible"
        item.currency = claim.currency or best.money.currency
        item.list_price = claim.list_price or self._list_price(best)
        if claim.price is not None:
            item.layer = "structured"
            if claim.price != best.money.amount:
                item.layer = "visible"
                item.remarks.append(f"structured data says {claim.price}, the page shows {best.money.amount}")

    def _shown_price(self) -> Shown | None:
        """The amount that the page shows as the price, where it is sure enough of it.

        What structured data states is believed where the page shows it in a place hardly worse than the best.
        """
        if not self.shown:
            return None
        best, stated = self.shown[0], self.claim.price
        if stated is not None:
            same = next((one for one in self.shown if one.money.amount == stated), None)
            if same is not None and same.score > best.score - CLOSE:
                return same
            return best if best.score >= SURER else None
        others = (one for one in self.shown if one.money.amount != best.money.amount)
        other = next((one for one in others if abs(one.place - best.place) > BESIDE), None)
        lead = best.score - (other.score if other else -ALONE)
        sure = best.score >= SURE or (best.score >= FAIR and lead >= CLEAR) or (best.score >= POOR and lead >= ALONE)
        return best if sure else None

    def _list_price(self, best: Shown) -> Decimal | None:
        """A higher amount beside the price: struck out, called the former one, or explained by the percentage between them."""
        price = best.money.amount
        wider = [visible.text(one, _AROUND) for one in visible.ancestors(best.element, 3)]
        shares = [share for said in wider if len(said) <= _AROUND for share in weights.discounts(said)]

        def explained(amount: Decimal) -> bool:
            return any(abs((1 - price / amount) * 100 - share) <= 1 for share in shares)

        near = [one for one in self.shown if abs(one.place - best.place) < 15 and one.money.amount > price]
        near = [one for one in near if not weights.of_delivery(one)]
        near.sort(key=lambda one: abs(one.place - best.place))
        return next((o.money.amount for o in near if o.struck or weights.former(o) or explained(o.money.amount)), None)

    @property
    def about_one(self) -> bool | None:
        """Whether the page itself says that it is about one product; None where it leaves that to the reader."""
        kind = (self._meta("og:type") or "").lower()
        return True if "product" in kind or (self.claim.price is not None and self.claim.title) else None

    def _meta(self, name: str) -> str | None:
        found = self.tree.find(f".//meta[@property='{name}']")
        return None if found is None else found.get("content")


def _number(text: str | None) -> str | None:
    """The first word of a text that holds a digit."""
    return next((word for word in (text or "").split() if re.search(r"\d", word)), None)
