"""What offers in structured data ask for a piece, and whether they have it. In: offers as nodes. Out: plain values."""

import re
from decimal import Decimal

from babel import Locale

from scrapers.pages import syntaxes, values
from scrapers.pages.syntaxes import Node, Value, many, text

_IN_STOCK = {
    "instock", "instoreonly", "limitedavailability", "onlineonly", "presale", "preorder", "backorder", "madetoorder",
    "availablefororder", "instockonly",
}  # fmt: skip
_OUT_OF_STOCK = {"outofstock", "soldout", "discontinued", "oos", "outofstockonly"}

_FORMER = re.compile(r"List|Strikethrough|SRP|Regular", re.IGNORECASE)  # of a priceType
_PIECES = {"C62", "EA", "H87", "PCE", "NMP"}  # UN/CEFACT codes that mean one thing


def price(offers: list[Node], locale: Locale | None) -> tuple[Decimal | None, str | None, Decimal | None]:
    """The lowest of what is asked for a piece; a struck-out price is the list price."""
    asked: list[tuple[Decimal, str | None]] = []
    before: list[Decimal] = []
    for offer in offers:
        terms = [one for one in many(offer.get("priceSpecification")) if isinstance(one, dict)]
        for one in [offer, *terms]:
            currency = text(one.get("priceCurrency")) or text(offer.get("priceCurrency"))
            found = amount(one.get("price"), locale) or amount(one.get("lowPrice"), locale)
            if found is None or _of_something_else(one):
                continue
            if _FORMER.search(text(one.get("priceType")) or ""):
                before.append(found)
            else:
                asked.append((found, currency))
    if not asked:
        return None, None, None
    lowest, sign = min(asked, key=lambda one: one[0])
    return lowest, values.currency(sign, locale), max((one for one in before if one > lowest), default=None)


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


def amount(value: Value, locale: Locale | None) -> Decimal | None:
    """Read a price as programs write it, `1299.00`; as shops write it otherwise. Nothing costs 0 in earnest here."""
    written = text(value)
    if not written:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", written):
        found: Decimal | None = Decimal(written)
        if re.fullmatch(r"\d{1,3}\.\d{3}", written) and values.decimal(written, locale) != found:
            found = values.decimal(written, locale)
    else:
        found = next((one.amount for one in values.money(written, locale)), None) or values.lone(written, locale)
    return found or None


def stock(offers: list[Node]) -> bool | None:
    """In stock where any offer is."""
    said = {in_stock(text(one.get("availability"))) for one in offers}
    return True if True in said else False if False in said else None


def in_stock(said: str | None) -> bool | None:
    """Judge an availability as schema.org and OpenGraph name it, however it is spelled; None for another word."""
    word = re.sub(r"[\s_-]", "", (said or "").lower().rpartition("/")[2])
    return True if word in _IN_STOCK else False if word in _OUT_OF_STOCK else None
