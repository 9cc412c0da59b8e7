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

from scrapers.pages import crumbs, syntaxes, values
from scrapers.pages.syntaxes import Node, Value, many, name_of, text

_IN_STOCK = {
    "instock",
    "instoreonly",
    "limitedavailability",
    "onlineonly",
    "presale",
    "preorder",
    "backorder",
    "madetoorder",
    "available for order",
    "in stock",
    "instock only",
}
_OUT_OF_STOCK = {"outofstock", "soldout", "discontinued", "out of stock", "oos", "outofstock only"}

_FORMER = re.compile(r"List|Strikethrough|SRP|Regular", re.IGNORECASE)  # of a priceType
_PIECES = {"C62", "EA", "H87", "PCE", "NMP"}  # UN/CEFACT codes that mean one thing
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
    price, currency, list_price = _price(offers, locale)
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
        in_stock=_stock(offers),
        rating=None if rating is None else round(rating[0] * 5 / rating[1], 2),
        rating_count=values.count(text(rated.get("ratingCount"))),
        review_count=values.count(text(rated.get("reviewCount"))),
        image=name_of(node.get("image"), "url", "contentUrl"),
        url=text(node.get("url")),
        reviews=[one for one in many(node.get("review") or node.get("reviews")) if isinstance(one, dict)],
    )


def _price(offers: list[Node], locale: Locale | None) -> tuple[Decimal | None, str | None, Decimal | None]:
    """The lowest of what is asked for a piece; a struck-out price is the list price."""
    asked: list[tuple[Decimal, str | None]] = []
    before: list[Decimal] = []
    for offer in offers:
        terms = [one for one in many(offer.get("priceSpecification")) if isinstance(one, dict)]
        for one in [offer, *terms]:
            currency = text(one.get("priceCurrency")) or text(offer.get("priceCurrency"))
            amount = _amount(one.get("price"), locale) or _amount(one.get("lowPrice"), locale)
            if amount is None or _of_something_else(one):
                continue
            if _FORMER.search(text(one.get("priceType")) or ""):
                before.append(amount)
            else:
                asked.append((amount, currency))
    if not asked:
        return None, None, None
    price, sign = min(asked, key=lambda one: one[0])
    return price, values.currency(sign, locale), max((one for one in before if one > price), default=None)


def _of_something_else(terms: Node) -> bool:
    """A price per 100 g, of one instalment, for members, or of the delivery, is not what a piece costs.

    Nearly every price may be called a UnitPriceSpecification: what makes it one per unit is that it names the unit.
    """
    kind, unit = syntaxes.kind_of(terms), (text(terms.get("unitCode")) or "C62").upper()
    return (
        kind in ("DeliveryChargeSpecification", "PaymentChargeSpecification")
        or bool(terms.get("referenceQuantity"))
        or ("Unit" in kind and (unit not in _PIECES or bool(terms.get("unitText"))))
        or any(terms.get(name) for name in ("billingDuration", "billingIncrement", "validForMemberTier"))
    )


def _amount(value: Value, locale: Locale | None) -> Decimal | None:
    """Read a price as programs write it, `1299.00`; as shops write it otherwise. Nothing costs 0 in earnest here."""
    written = text(value)
    if not written:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", written):
        amount: Decimal | None = Decimal(written)
        if re.fullmatch(r"\d{1,3}\.\d{3}", written) and values.decimal(written, locale) != amount:
            amount = values.decimal(written, locale)
    else:
        amount = next((one.amount for one in values.money(written, locale)), None) or values.lone(written, locale)
    return amount or None


def _stock(offers: list[Node]) -> bool | None:
    """In stock where any offer is."""
    said = [(text(one.get("availability")) or "").lower().rpartition("/")[2] for one in offers]
    if any(one in _IN_STOCK for one in said):
        return True
    return False if any(one in _OUT_OF_STOCK for one in said) else None


def _opengraph(tree: HtmlElement, locale: Locale | None) -> Claim:
    said = syntaxes.open_graph(tree)

    def get(name: str) -> str | None:
        return next((v for prefix in ("product:", "og:", "") if (v := (said.get(prefix + name) or "").strip())), None)

    price = _amount(get("sale_price:amount") or get("price:amount") or get("price"), locale)
    product = "product" in (said.get("og:type") or "").lower() or price is not None
    if not product:
        return Claim(image=said.get("og:image"))
    stock = (get("availability") or "").lower().replace("_", " ")
    return Claim(
        title=said.get("og:title"),
        sku=get("retailer_item_id"),
        brand=get("brand"),
        price=price,
        currency=values.currency(get("price:currency"), locale),
        in_stock=True
        if stock.replace(" ", "") in _IN_STOCK
        else False
        if stock.replace(" ", "") in _OUT_OF_STOCK
        else None,
        image=said.get("og:image"),
        url=said.get("og:url"),
    )
