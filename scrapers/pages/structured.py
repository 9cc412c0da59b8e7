"""What a page says to machines: JSON-LD, microdata, OpenGraph and RDFa, in one shape.

In: a parsed page. Out: the `Claim` about the product that the page is about, with every field that any of the four states.
extruct reads the syntaxes; what their authors mean by them is settled here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from urllib.parse import urljoin, urlsplit

from babel import Locale
from lxml.html import HtmlElement

from scrapers.pages import crumbs, syntaxes, terms, values
from scrapers.pages.syntaxes import Node, many, name_of, text

MANY = 4  # products with an offer of their own, from which on a page may be a list


@dataclass
class Claim:
    """What structured data claims of one product; None where it says nothing."""

    title: str | None = None
    sku: str | None = None
    product_id: str | None = None
    brand: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    category: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    in_stock: bool | None = None
    rating: float | None = None
    rating_count: int | None = None
    review_count: int | None = None
    image: str | None = None
    url: str | None = None
    reviews: list[Node] = field(default_factory=list)

    def completed(self, other: "Claim") -> "Claim":
        """Fill what is missing from another claim about the same product."""
        mine = {one.name: getattr(self, one.name) for one in fields(self)}
        return Claim(**{name: getattr(other, name) if value in (None, []) else value for name, value in mine.items()})


def claim(tree: HtmlElement, url: str, locale: Locale | None) -> Claim:
    """Read all syntaxes; an earlier one is believed before a later one: JSON-LD, microdata, RDFa, OpenGraph."""
    found = Claim()
    json_ld, microdata = syntaxes.json_ld(tree), syntaxes.microdata(tree, url)
    for nodes in (json_ld, microdata, syntaxes.rdfa(tree, url)):
        products = list(_products(nodes))
        product = _main(products, url, tree.findtext(".//title") or "")
        if product is not None:
            twins = [
                one for one in products if one is not product and text(one.get("name")) == text(product.get("name"))
            ]
            found = found.completed(
                _product(product | {"hasVariant": [*many(product.get("hasVariant")), *twins]}, url, locale)
            )
    found = found.completed(_opengraph(tree, locale))
    return replace(found, category=_breadcrumbs([*json_ld, *microdata], found.title, url) or found.category)


def _breadcrumbs(nodes: list[Node], title: str | None, url: str) -> str | None:
    """The category path that a BreadcrumbList states."""
    for node in syntaxes.walk(nodes):
        if syntaxes.kind_of(node) == "BreadcrumbList":
            steps = many(node.get("itemListElement"))
            named = [
                (name_of(step.get("name")) or name_of(step.get("item")) or "", _address(step))
                for step in steps
                if isinstance(step, dict)
            ]
            return crumbs.joined(named, title, url)
    return None


def _address(step: Node) -> str | None:
    """Where a step leads: its item is an address, or a thing that has one."""
    item = next(iter(many(step.get("item"))), None)
    return text(item.get("@id") or item.get("url")) if isinstance(item, dict) else text(item)


def _products(nodes: list[Node]) -> Iterator[Node]:
    return (node for node in syntaxes.walk(nodes) if syntaxes.PRODUCT.search(syntaxes.kind_of(node)))


def _main(products: list[Node], url: str, title: str) -> Node | None:
    """The product that the page is about: the one of its address, else the one that its title names.

    Where it is neither, the first that has an offer, or the first; but of many none: they are a list.
    """
    here, words = urlsplit(url).path.rstrip("/"), _words(title)
    for one in products:
        its = urlsplit(urljoin(url, text(one.get("url")) or text(one.get("@id")) or "")).path.rstrip("/")
        if here and its == here and (one.get("offers") or one.get("hasVariant")):
            return one
    names = {name: _words(name) for one in products if one.get("offers") and (name := text(one.get("name")))}
    if len(names) >= MANY:
        named = max(names, key=lambda name: len(names[name] & words) / max(len(names[name]), 1))
        return next((p for p in products if text(p.get("name")) == named), None) if names[named] <= words else None
    return next((one for one in products if one.get("offers")), products[0] if products else None)


def _words(said: str) -> set[str]:
    return set(re.findall(r"\w+", said.lower()))


def _product(node: Node, url: str, locale: Locale | None) -> Claim:
    variants = [one for one in many(node.get("hasVariant")) if isinstance(one, dict)]
    offers = [one for one in many(node.get("offers")) if isinstance(one, dict)]
    offers += [one for variant in variants for one in many(variant.get("offers")) if isinstance(one, dict)]
    offers += [one for offer in offers for one in many(offer.get("offers")) if isinstance(one, dict)]
    rated = next((one for one in many(node.get("aggregateRating")) if isinstance(one, dict)), {})
    best = values.lone(text(rated.get("bestRating")) or "5", None) or Decimal(5)
    rating = values.rating(text(rated.get("ratingValue")), float(best))
    price, currency, list_price = terms.price(offers, locale)
    return Claim(
        title=text(node.get("name")),
        sku=text(node.get("sku")) or next((sku for offer in offers if (sku := text(offer.get("sku")))), None),
        product_id=text(node.get("productID")) or text(node.get("productGroupID")),
        brand=name_of(node.get("brand")) or name_of(node.get("manufacturer")),
        gtin=next(
            (
                gtin
                for name in ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn")
                if (gtin := text(node.get(name)))
            ),
            None,
        ),
        mpn=text(node.get("mpn")),
        category=name_of(node.get("category")),
        price=price,
        currency=currency,
        list_price=list_price,
        in_stock=terms.stock(offers),
        rating=None if rating is None else round(rating[0] * 5 / rating[1], 2),
        rating_count=values.count(text(rated.get("ratingCount"))),
        review_count=values.count(text(rated.get("reviewCount"))),
        image=name_of(node.get("image"), "url", "contentUrl"),
        url=text(node.get("url")),
        reviews=[one for one in many(node.get("review") or node.get("reviews")) if isinstance(one, dict)],
    )


def _opengraph(tree: HtmlElement, locale: Locale | None) -> Claim:
    said = syntaxes.open_graph(tree)

    def get(name: str) -> str | None:
        return next((v for prefix in ("product:", "og:", "") if (v := (said.get(prefix + name) or "").strip())), None)

    price = terms.amount(get("sale_price:amount") or get("price:amount") or get("price"), locale)
    product = "product" in (said.get("og:type") or "").lower() or price is not None
    if not product:
        return Claim(image=said.get("og:image"))
    return Claim(
        title=said.get("og:title"),
        sku=get("retailer_item_id"),
        brand=get("brand"),
        price=price,
        currency=values.currency(get("price:currency"), locale),
        in_stock=terms.in_stock(get("availability")),
        image=said.get("og:image"),
        url=said.get("og:url"),
    )
