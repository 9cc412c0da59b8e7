"""Which number a shop has for a product: what the page labels as one, what its structured data and its address say.

Out: the number as the page writes it, without its label; None where the page states none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from lxml.html import HtmlElement

from scrapers.pages import visible

# What shops call it; a model or a maker's part number is not the shop's own.
_LABEL = (
    r"(?:sku|item\s?(?:no|number|#|id|code|model number)?|product\s?(?:no|number|code|id|#)|style\s?(?:no|number|code|#)?|"
    r"cat(?:alog(?:ue)?)?\.?\s?(?:no|number)|stock\s?(?:no|number|code)|article\s?(?:no|number|code)?|ref(?:erence|erencia|\.)?|réf(?:érence|\.)?|"
    r"art(?:ikel|\.)?[\s\-.]*(?:nr|nummer|no|num)?|bestell[\s-]?(?:nr|nummer)|código|codigo|cód|codice|cod|kód|kod|"
    r"артикул|код(?: товара)?|numer|indeks|referência|referentie|tuotenumero|tootekood|varenummer|varenr|anzeigen(?:nummer|-id)|"
    r"ad id|listing id|lot id|ürün kodu|商品編號|商品番号|品番|상품번호|asin|id)"
)
_LABELLED = re.compile(
    rf"(?:^|[\s(|•·,]){_LABEL}\s*(?:[.:#№]|n[°º]|\s|[-–]\s)*(?P<id>[A-Za-z0-9][A-Za-z0-9._/\-]{{2,40}})(?=$|[\s),;|])",
    re.IGNORECASE,
)
_LONGEST = 160  # characters of a text that holds a label and a number
_ID = re.compile(r"(?=[A-Za-z._/\-]*\d)[A-Za-z0-9][A-Za-z0-9._\-]{2,40}$")
_CALLED = re.compile(
    r"(?:product|item|article|style)-?(?:reference|ref|code|number|no|sku)\b|(?:^|[\s-])sku(?:$|[\s-])", re.IGNORECASE
)
_NAMED = {
    "sku",
    "data-sku",
    "data-product-id",
    "data-productid",
    "data-product-sku",
    "data-item-id",
    "data-pid",
    "data-asin",
    "data-article",
    "data-product",
    "data-id",
}
_FIELDS = {
    "product_id",
    "productid",
    "product-id",
    "sku",
    "id_product",
    "pid",
    "asin",
    "item_id",
    "itemid",
    "products_id",
    "add-to-cart",
    "product",
}
_QUERY = {
    "pid",
    "id",
    "sku",
    "product_id",
    "products_id",
    "item",
    "itemid",
    "productid",
    "offerid",
    "prod",
    "asin",
    "variant",
}


def labelled(elements: Sequence[HtmlElement], title: int) -> str | None:
    """The number that stands behind a label such as `SKU:` or `Art.-Nr.`, nearest behind the title."""
    near: list[tuple[int, str]] = []
    read: dict[HtmlElement, tuple[bool, str | None]] = {}  # many have the same parent
    for place, element in enumerate(elements):
        own = visible.own_text(element)
        if not own.strip() or len(own) > 300:
            continue
        if _CALLED.search(visible.names(element)) and re.fullmatch(r"(?=\D*\d)[A-Za-z0-9][\w./\-]{2,40}", own.strip()):
            near.append((abs(place - title), own.strip()))
            continue
        for holder in (element, element.getparent()):
            if holder is not None and holder not in read:
                read[holder] = _found(holder)
            long, number = (True, None) if holder is None else read[holder]
            if number:
                near.append((abs(place - title) + (0 if place > title else 150), number))
            if long or number:
                break
    return min(near)[1] if near else None


def _found(holder: HtmlElement) -> tuple[bool, str | None]:
    """Whether a text is too long to be a labelled number, and the number."""
    said = visible.text(holder, _LONGEST)
    if len(said) > _LONGEST:
        return True, None
    found = next((one for one in _LABELLED.finditer(said) if re.search(r"\d", one["id"])), None)
    return False, found["id"].rstrip(".,-/") if found else None


def of_address(url: str, html: str) -> str | None:
    """The part of the address that looks like a number and that the page itself repeats as one."""
    best: Counter[str] = Counter()
    for rank, one in enumerate(_parts(url)):
        times = len(re.findall(rf"(?<![\w]){re.escape(one)}(?![\w])", html[:2_000_000]))
        if times > 1 and (len(one) > 3):
            best[one] = 1000 - rank * 10 + min(times, 9)
    return best.most_common(1)[0][0] if best else None


def _parts(url: str) -> Iterator[str]:
    """Candidates, the likelier first: a query's product id, whole parts of the path, then the ends of its last words."""
    parts = urlsplit(url)
    yield from (value for name, value in parse_qsl(parts.query) if name.lower() in _QUERY and _ID.match(value))
    steps = [re.sub(r"\.(?:html?|php|aspx?|jsp)$", "", step) for step in parts.path.split("/") if step]
    for step in reversed(steps):
        if _ID.match(step) and (step.isdigit() or step.upper() == step or not re.search(r"[-_]", step)):
            yield step
    for step in reversed(steps):
        words = re.split(r"[-_,]", step)
        for word in (words[-1], words[0]):
            if re.fullmatch(r"[a-z]{0,3}\d{4,}[a-z]?", word, re.IGNORECASE):
                yield word
                if bare := re.fullmatch(r"[a-z]{1,3}(\d{4,})", word, re.IGNORECASE):
                    yield bare[1]


def attributes(tree: HtmlElement) -> str | None:
    """The number that the form's fields or the elements' data hold, where they agree on one."""
    said: Counter[str] = Counter()
    for element in tree.iter("input"):
        if (element.get("name") or "").lower() in _FIELDS and _ID.match(element.get("value") or ""):
            said[element.get("value")] += 3
    for name in _NAMED:
        for element in tree.iterfind(f".//*[@{name}]"):
            if _ID.match(element.get(name)):
                said[element.get(name)] += 1
                break
    return said.most_common(1)[0][0] if said else None


def agreed(stated: str | None, labelled: str | None, address: str | None, attribute: str | None) -> str | None:
    """The number that most of the page's voices give; what is labelled for people counts more than what is for programs.

    Two that differ in punctuation or a leading letter are one, as `s99277508` and `992.775.08`; the better voice spells it.
    """
    voices = [(labelled, 3.1), (stated, 2.0), (address, 1.5), (attribute, 1.0)]
    votes: dict[str, float] = defaultdict(float)
    for one, weight in voices:
        if one:
            votes[_bare(one)] += weight
    if not votes:
        return None
    chosen = max(votes, key=lambda one: votes[one])
    spelled = [one for one in (stated, labelled, address, attribute) if one and _bare(one) == chosen]
    return spelled[0]


def _bare(number: str) -> str:
    return re.sub(r"^[a-z](?=\d)|[^a-z0-9]", "", number.lower())
