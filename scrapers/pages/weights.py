"""How much an amount looks like the price of the product that a page is about.

As a person tells: near the title, called a price, not struck out, not in a list of other products. Words are those that shops
of many countries use in class names (English nearly everywhere) and in texts; each says how shops write, none which shop.
"""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from scrapers.pages import visible
from scrapers.pages.visible import Shown


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


NAMES = {  # what names of elements say of a price: a pattern and its weight
    "price": (visible.PRICED, 3),
    "now": (_any(
        r"current|actual|now|final|sale|selling|special|offer|our|buy|main|product-?price|sales|promo|"
        r"discounted|highlight|new"
    ), 1),
    "product": (_any(
        r"buybox|buy-box|add-?to-?(?:cart|basket|bag)|product-?(?:info|detail|main|summary|essential|view|"
        r"page|header)|pdp|purchase"
    ), 2),
    "former": (_any(
        r"\bold|was\b|was-|-was|previous|before|regular|list-?price|listprice|msrp|rrp|uvp|strike|crossed|"
        r"compare|original|statt|ancien|barre|antig|old-?price|oldprice|price-?old|from-?price|"
        r"normal-?price|base-?price|mrp"
    ), -5),
    "other amount": (_any(
        r"shipping|delivery|versand|livraison|instal|financ|monthly|month|credit|klarna|afterpay|"
        r"unit-?price|per-?unit|basic|saving|save|discount-?(?:value|amount|percent)|coupon|voucher|"
        r"points|cashback|bonus|tax|vat|protect|warranty|insur|subscri|deposit|gift-?wrap|trade-?in|"
        r"member|loyal|reward|insider|loan|leasing|emi\b"
    ), -5),
    "others": (_any(
        r"relat|recommend|carousel|slider|upsell|cross-?sell|similar|also|recent|viewed|together|accessor|"
        r"bundle|sponsor|suggest|swiper|(?:product|item|card)-?tile|teaser|complement|others?-|alternativ|"
        r"compare-|listing|grid-?item|product-?(?:card|item|list)|widget"
    ), -6),
    "frame": (_any(
        r"header|footer|nav\b|navigation|menu|mini-?cart|minibasket|basket-?(?:total|summary)|breadcrumb|"
        r"sidebar|filter|facet|cookie|newsletter|modal|popup|tooltip|review|comment|histor"
    ), -6),
}  # fmt: skip
_BEFORE = re.compile(
    r"\b(?:was|list|comp(?:arable)?\.? value|rrp|msrp|m\.?r\.?p|uvp|statt|instead|before|regular|originally|reg\.|compare at|typical|prix conseill|au lieu|"
    r"prezzo consigliato|antes|de:|before|listenpreis|unverb|mediana|consigliato|retail)\b", re.IGNORECASE)  # fmt: skip
_NOT_PRICE = re.compile(
    r"save|saving|you save|off\b|shipping|delivery|versand|livraison|porto|envío|postage|month|/mo\b|mtl|mois|\bp\.?m\b|mes\b|"
    r"instal|interest|per (?:kg|unit|item|litre|100)|/\s?(?:kg|100|l\b|m\b|unit|stk|pc)|voucher|coupon|gutschein|over \W?\d|"
    r"orders? (?:over|above)|\bships?\b|ab \d+ .* versand|protection|warranty|points|cashback|buy at|deposit|"
    r"used|refurbished from|estimate|bank offer|rata|rate\b|экономия|доставка|бонус|кредит|рассрочк", re.IGNORECASE)  # fmt: skip

_DELIVERY = re.compile(
    r"shipping|delivery|postage|freight|versand|lieferung|porto|livraison|frais de port|env[ií]o|gastos|spedizione|consegna|frete|entrega|"
    r"verzend|bezorg|frakt|fragt|levering|toimitus|dostaw|wysyłk|doprav|doručen|szállítás|livrare|kargo|доставк|送料|配送|배송|運費|شحن",
    re.IGNORECASE,
)
_TAX = re.compile(
    r"\b(?:mwst|ust|mehrwertsteuer|vat|gst|hst|tax(?:es)?|tva|iva|btw|moms|mva|alv|dph|kdv|pdv|ptu|áfa|afa|ндс|φπα)\b|税|부가세",
    re.IGNORECASE,
)


def weigh(shown: list[Shown], elements: Sequence[HtmlElement], title: int) -> list[Shown]:
    """Weigh each amount by what names and texts say and how near the title it stands; the likeliest first."""
    own = set(elements[title].iterancestors()) if elements else set()  # what holds the title too is no list of others
    for one in shown:
        one.score = sum(_named(one, own)) + _near(one.place, title) + _said(one) + (1 if one.money.currency else 0)
    return sorted(shown, key=lambda one: (-one.score, one.place))


def _named(one: Shown, own: set[HtmlElement]) -> Iterator[float]:
    around, above = visible.ancestors(one.element, 2), visible.ancestors(one.element, 12)
    near = " ".join(visible.names(e) for e in [one.element, *around])
    alone = [one.element, *(e for e in around if len(visible.text(e, 90)) <= len(one.text))]
    said = {
        "price": near,
        "now": near,
        "product": " ".join(visible.names(e) for e in above),
        "former": " ".join(visible.names(e) for e in alone),  # what stands beside a former price is none
        "other amount": near,
        "others": " ".join(visible.names(e) for e in [one.element, *above] if e not in own),
        "frame": " ".join(visible.names(e) for e in [one.element, *above] if e not in own),
    }
    yield from (weight for name, (pattern, weight) in NAMES.items() if pattern.search(said[name]))
    if any(e.tag in ("header", "footer", "nav") for e in one.element.iterancestors() if e not in own):
        yield -6
    if one.element.get("itemprop") in ("price", "lowPrice"):
        yield 3


def _near(place: int, title: int) -> float:
    """Behind the title by some elements is best; before it is possible, far behind unlikely."""
    behind = place - title
    if behind < 0:
        return 1.5 if behind > -60 else -2.0
    return 3.0 if behind < 80 else 1.5 if behind < 250 else 0.0 if behind < 600 else -2.0


def _said(one: Shown) -> float:
    around = one.text
    parent = one.element.getparent()
    if parent is not None and len(wider := visible.text(parent, 90)) < 90:
        around = wider
    score = 0.0
    if one.struck or _BEFORE.search(around.split(str(one.money.amount))[0][-40:]):
        score -= 5
    if _NOT_PRICE.search(one.text):
        score -= 5
    if re.search(r"[-−–]\s?$", one.text[: one.money.span[0]]) and one.money.span[0] < 3:
        score -= 4
    return score


def of_others(element: HtmlElement, own: set[HtmlElement]) -> bool:
    """Whether an element lies in a list of other products, or in the frame of the page, and not with the title."""
    pattern, _ = NAMES["others"]
    above = [one for one in [element, *visible.ancestors(element, 12)] if one not in own]
    return any(one.tag in ("header", "footer", "nav") or pattern.search(visible.names(one)) for one in above)


def former(one: Shown) -> bool:
    """Whether names or texts call an amount the former price."""
    pattern, _ = NAMES["former"]
    around = " ".join(visible.names(e) for e in [one.element, *visible.ancestors(one.element, 2)])
    return bool(pattern.search(around) or _BEFORE.search(one.text))


def of_delivery(one: Shown) -> bool:
    """Whether the words beside an amount, up to the amounts before and behind it, are about its delivery."""
    start, end = one.money.span
    before = re.split(r"\d", one.text[:start])[-1]
    behind = one.text[end:]
    return bool(_DELIVERY.search(before) or (_DELIVERY.search(behind) and not re.search(r"\d", behind)))


def discounts(text: str) -> list[int]:
    """The shares in a text that may have been taken off; what stands beside a word for tax is none."""
    return [
        int(found[1])
        for found in re.finditer(r"(?<![\d.,])(\d{1,2})\s?%", text)
        if not _TAX.search(re.split(r"[\d%]", text[: found.start()])[-1][-14:])
        and not _TAX.search(re.split(r"[\d%]", text[found.end() :])[0][:14])
    ]
