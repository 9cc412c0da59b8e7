"""Pages of shops that we know: where they keep what the general reading would have to guess.

Each is a ProductPage that overrides what it knows better; what it does not find is left to the general reading.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from scrapers.item import Item, Review
from scrapers.pages import dates, labels, reviews, values, visible
from scrapers.pages.product import ProductPage


class ShopPage(ProductPage):
    """What the pages of known shops share: CSS selectors, the first that finds something."""

    def first(self, *selectors: str) -> str | None:
        """The text of the first element that one of the selectors finds and that says something."""
        return next((said for one in self.every(*selectors) if (said := visible.text(one))), None)

    def every(self, *selectors: str) -> Iterable[HtmlElement]:
        return (one.root for selector in selectors for one in self.response.css(selector))

    def amount(self, *selectors: str) -> Decimal | None:
        for one in self.every(*selectors):
            said = visible.text(one)
            found = next(values.money(said, self.locale), None)
            if found is not None:
                return found.amount
        return None


class AmazonPage(ShopPage):
    """Amazon on all its domains, pages of 2020 to 2026."""

    @property
    def about_one(self) -> bool:
        return self.tree.find(".//*[@id='productTitle']") is not None or self.tree.find(".//*[@id='dp']") is not None

    def item(self) -> Item:
        item = super().item()
        item.sku = self._asin() or item.sku
        item.title = self.first("#productTitle", "#title") or item.title
        item.brand = self._brand() or item.brand
        item.category = (
            " > ".join(visible.text(a) for a in self.every("#wayfinding-breadcrumbs_feature_div a")) or item.category
        )
        rated = values.rating(self.first("#acrPopover .a-icon-alt", "#averageCustomerReviews .a-icon-alt"))
        item.rating = rated[0] if rated else item.rating
        item.rating_count = values.count(self.first("#acrCustomerReviewText")) or item.rating_count
        item.reviews = [self._review(one) for one in self.every("[data-hook=review]")] or item.reviews
        self._stock(item)
        return item

    def _price(self, item: Item) -> None:
        """The price of the box that one buys from. Amounts elsewhere on the page belong to other products."""
        item.price = self.amount(
            "#corePriceDisplay_desktop_feature_div .priceToPay", "#corePriceDisplay_desktop_feature_div .a-price:not(.a-text-price) .a-offscreen",
            "#corePrice_feature_div .a-price:not(.a-text-price) .a-offscreen", "#corePrice_desktop .a-price:not(.a-text-price) .a-offscreen",
            "#apex_desktop .a-price:not(.a-text-price) .a-offscreen", "#priceblock_dealprice", "#priceblock_saleprice", "#priceblock_ourprice",
            "#price_inside_buybox", "#newBuyBoxPrice", "#buyNewSection .offer-price", "#kindle-price", "#tmmSwatches .selected .a-color-price",
            "#price", "#olp_feature_div .a-color-price", "#olp-upd-new .a-color-price", "#olpLinkWidget_feature_div .a-color-price",
        )  # fmt: skip
        item.list_price = self.amount(
            "#corePriceDisplay_desktop_feature_div .basisPrice .a-offscreen", "#corePrice_feature_div .a-text-price .a-offscreen",
            ".priceBlockStrikePriceString", "#listPrice", "#corePrice_desktop .a-text-price .a-offscreen",
        )  # fmt: skip
        shown = next(
            (one.money.currency for one in self.shown if one.money.amount == item.price and one.money.currency), None
        )
        item.currency = shown if item.price is not None else None
        item.layer = "shop"
        if item.list_price is not None and (item.price is None or item.list_price <= item.price):
            item.list_price = None

    def _stock(self, item: Item) -> None:
        said = self.first("#availability", "#outOfStock") or ""
        buy = next(iter(self.every("#add-to-cart-button", "#buy-now-button", "#buybox-see-all-buying-choices")), None)
        if next(iter(self.every("#outOfStock")), None) is not None and buy is None:
            item.in_stock = False
        elif buy is not None or item.price is not None:
            item.in_stock = True
        elif said:
            item.in_stock = False

    def _asin(self) -> str | None:
        found = re.search(r"/(?:dp|gp/product|gp/aw/d)/([A-Z0-9]{10})(?![A-Z0-9])", self.url)
        stated = next(
            (one.get("value") for one in self.every("input#ASIN", "input[name='ASIN.0']", "input[name=ASIN]")), None
        )
        return found[1] if found else stated

    def _brand(self) -> str | None:
        return next(
            filter(None, map(labels.brand, self.every("#bylineInfo", "#brand", ".po-brand .po-break-word"))), None
        )

    def _review(self, one: HtmlElement) -> Review:
        def said(hook: str) -> str | None:
            found = one.find(f".//*[@data-hook='{hook}']")
            return None if found is None else visible.text(found) or None

        stars = values.rating(said("review-star-rating") or said("cmps-review-star-rating"))
        author = one.find(".//*[@class='a-profile-name']")
        return Review(
            review_id=one.get("id") or reviews.hashed(visible.text(one)),
            rating=stars[0] if stars else None,
            title=reviews.untitled(said("review-title")),
            body=said("review-body"),
            author_hash=None if author is None else reviews.hashed(visible.text(author)),
            reviewed_at=dates.written(said("review-date"), self.locale),
        )


class EbayPage(ShopPage):
    """eBay on all its domains: the item's number is in the address."""

    def item(self) -> Item:
        item = super().item()
        found = re.search(r"/itm/(?:[^/]+/)?(\d{9,14})", self.url)
        item.sku = found[1] if found else self.first("#descItemNumber") or item.sku
        return item


class FlipkartPage(ShopPage):
    """Flipkart, whose class names change every few months: what stays is the order of things.

    The price stands first, alone, in rupees, behind the title; then the struck-out price and the share taken off. What one
    pays after a bank's offer (`Buy at`) or an exchange is no price.
    """

    def item(self) -> Item:
        item = super().item()
        found = re.search(r"[?&]pid=([A-Z0-9]+)", self.url) or re.search(r"/p/(itm[a-z0-9]+)", self.url)
        item.sku = found[1] if found else item.sku
        counted = re.search(
            r"([\d,]+)\s*Ratings?\s*(?:&|and)\s*([\d,]+)\s*Reviews?", visible.text(self.tree), re.IGNORECASE
        )
        if counted:
            item.rating_count, item.review_count = values.count(counted[1]), values.count(counted[2])
        return item


class DemoShop(ShopPage):
    """The shops of `mart.local.demoshop`: one host has several, and gamma says nothing to programs."""

    @property
    def shop(self) -> str:
        first = urlsplit(self.url).path.strip("/").split("/")[0]
        return f"demo-{first}" if first in ("alpha", "beta", "gamma") else super().shop

    @property
    def about_one(self) -> bool | None:
        """Other things may be served on loopback: what is not of the demo shop is read like any page."""
        return True if next(iter(self.every(".sheet .offer")), None) is not None else super().about_one

    def item(self) -> Item:
        item = super().item()
        item.sku = self.first(".code") or item.sku
        item.brand = self.first(".maker") or item.brand
        item.mpn = self.first(".model") or item.mpn
        item.category = " > ".join(visible.text(a) for a in self.every(".trail .step")) or item.category
        rated, counted = values.rating(self.first(".rated .gold")), (self.first(".rated .note") or "").split("&")
        item.rating = rated[0] if rated else item.rating
        item.rating_count = values.count(counted[0]) or item.rating_count
        item.review_count = values.count(counted[-1]) or item.review_count
        item.reviews = item.reviews or [self._review(one) for one in self.every(".review")]
        return item

    def _review(self, one: HtmlElement) -> Review:
        said = {
            name: visible.text(found) for name in ("gold", "words", "who", "when") for found in one.find_class(name)
        }
        stars, title = values.rating(said.get("gold")), one.find(".//strong")
        return Review(
            review_id=one.get("id") or reviews.hashed(visible.text(one)),
            rating=stars[0] if stars else None,
            title=None if title is None else visible.text(title),
            body=said.get("words"),
            author_hash=reviews.hashed(said["who"]) if "who" in said else None,
            reviewed_at=dates.written(said.get("when"), self.locale),
        )


SHOPS = {
    r"(?:^|\.)amazon\.[a-z.]{2,6}$": AmazonPage,
    r"(?:^|\.)ebay\.[a-z.]{2,6}$": EbayPage,
    r"(?:^|\.)flipkart\.com$": FlipkartPage,
    r"^(?:127\.0\.0\.1|localhost)$": DemoShop,
}
