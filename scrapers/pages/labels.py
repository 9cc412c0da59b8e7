"""What a page says of its product behind a label: brand, GTIN and the maker's number, as `label: value`, in tables and in lists.

In: what is shown, in reading order, and where the title stands. Out: for each name the value that the page states nearest behind
the title; a table, a definition list and a line of text are one to it: a text that is a label, and what comes next.
"""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from scrapers.pages import visible, weights

# Words of shops in many countries; what a maker is called stands behind what a brand is called.
_WORDS = {
    "brand": (
        r"brand(?:\s?name)?|marke|marque|marca|merk|märke|varumärke|merke|varemerke|mærke|varemærke|tuotemerkki|brändi|marka|značka|márka|"
        r"бренд|марка|торговая марка|ブランド(?:名)?|브랜드|品牌|العلامة التجارية|الماركة|ماركة|kaubamärk|bränd|tootja|zīmols|prekės ženklas"
    ),
    "maker": (
        r"manufacturer|hersteller|fabricant|fabricante|produttore|fabrikant|tillverkare|produsent|producent|valmistaja|výrobce|výrobca|"
        r"gyártó|producător|üretici|производитель|メーカー(?:名)?|제조사|製造商"
    ),
    "gtin": (
        r"(?:ean|gtin|upc|isbn|jan)(?:[\s-]?(?:8|10|12|13|14|a))?(?:[\s/-]*(?:code|nummer|number|no|nr|kod|kód))?|bar\s?code|"
        r"(?:ean|gtin)\s?/\s?(?:gtin|ean|upc|isbn)|strichcode|code[\s-]barres?|código de barras|codice a barre|streepjescode|streckkod|"
        r"kod kreskowy|čárový kód|штрихкод|штрих-код|JANコード|バーコード|바코드"
    ),
    "mpn": (
        r"mpn|(?:manufacturer(?:'s|s)?|mfr|mfg|maker(?:'s)?|oem)\.?\s?(?:part|item|model|product)?\s?(?:no|nr|number|code|#|id)|"
        r"manufacturer\s(?:reference|ref|part)|(?:mfr|mfg)\.?\s?part|part\s?(?:no|number|#)|(?:item\s)?model\s?(?:no|number|#|code)|"
        r"hersteller(?:artikel|modell|teile)?[\s-]?(?:nummer|nr)|han|modell?[\s-]?(?:nummer|nr)|artikelnummer\s(?:des\sherstellers|fabrikant)|"
        r"(?:réf(?:érence)?|ref(?:erencia|erência)?)\.?\s(?:du\s|del\s|do\s)?(?:fabricante?|constructeur)|numéro de modèle|"
        r"(?:número|numero) (?:de|del|do) (?:modelo|modello)|número de pieza(?: del fabricante)?|numero modello|codice (?:produttore|modello)|"
        r"modelnummer|fabrikantcode|tillverkarens artikelnummer|producentens varenummer|kod producenta|symbol producenta|kód výrobce|"
        r"артикул производителя|код производителя|партномер|メーカー型番|型番|モデル番号|모델명|型號"
    ),
}  # fmt: skip
_LABEL = re.compile(
    r"[\s•·*-]*(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _WORDS.items()) + r")"
    r"(?![^\W_])\s*(?P<mark>(?:n[°º]|nr|no)?[.]?\s?[:：#№]\s*|[-–]\s*$)?(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN = re.compile(r"\s[|·•]\s|[;\n\t]|,\s(?=[^\W\d]+\s?:)")  # what stands between facts on one line
_MARKS = re.compile("[\u200b\u200e\u200f\ufeff]")  # of direction and width, unseen
_CELLS = {"th", "td", "dt", "label"}
_LABELLING = re.compile(r"label|\bkey\b|name|title|head|term|attr|spec|prop|caption|left", re.IGNORECASE)
_LONGEST = 160  # characters of a text that states facts
_BRAND = 60  # characters of the longest brand
_EDGE = " \u00a0:：,.-–|"


def facts(elements: Sequence[HtmlElement], title: int) -> dict[str, str]:
    """What the page states of brand, gtin and mpn; what stands before the title counts only where nothing stands behind it."""
    own = set(elements[title].iterancestors()) if elements else set()
    found: dict[str, tuple[bool, int, str]] = {}
    for place, element in enumerate(elements):
        for name, value in _stated(element):
            known = found.get(name)
            if (known is None or (known[0] and place >= title)) and not weights.of_others(element, own):
                found[name] = (place < title, place, value)
    said = {name: value for name, (_, _, value) in found.items()}
    if "maker" in said:
        said.setdefault("brand", said.pop("maker"))
    return said


def _stated(element: HtmlElement) -> Iterator[tuple[str, str]]:
    """Each fact whose label this element says itself."""
    following = next(iter(element), None)
    pieces = [(element.text, following), *((child.tail, child.getnext()) for child in element)]
    for text, after in pieces:
        if not text or len(text) > _LONGEST or text.isspace():
            continue
        for part in _BETWEEN.split(_MARKS.sub("", text)):
            found = _LABEL.match(part)
            if found is None:
                continue
            name = next(name for name in _WORDS if found[name])
            said = found["rest"].strip(_EDGE)
            if said and found["mark"]:
                value = _VALUES[name](said)
            elif not said:
                value = _next(element, after, name, marked=bool(found["mark"]))
            else:
                continue  # a sentence that begins so
            if value:
                yield name, value


def _next(element: HtmlElement, after: HtmlElement | None, name: str, *, marked: bool) -> str | None:
    """The value that comes behind a label: within the same element, behind it, or behind the cell that holds only the label."""
    if after is not None:
        return _of(after, name)
    if not (marked or element.tag in _CELLS or _LABELLING.search(visible.names(element))):
        parent = element.getparent()
        if parent is None or not (parent.tag in _CELLS or len(parent) == 2):  # a pair
            return None
    for holder in [element, *visible.ancestors(element, 2)]:
        if holder is not element and holder.getchildren()[-1] is not element:
            return None
        if holder.tail and (said := holder.tail.strip(_EDGE + "\n\t")):
            return _VALUES[name](" ".join(said.split()))
        if (behind := holder.getnext()) is not None:
            return _of(behind, name)
        element = holder
    return None


def _of(element: HtmlElement, name: str) -> str | None:
    if name in ("brand", "maker"):
        return brand(element)
    return _VALUES[name](visible.text(element, _LONGEST))


def brand(element: HtmlElement) -> str | None:
    """The brand that an element shows: its text, else what its picture is called."""
    if not isinstance(element.tag, str):
        return None
    pictures = [element] if element.tag == "img" else list(element.iter("img"))
    called = (one.get(name, "").strip() for one in pictures for name in ("alt", "title"))
    return _brand(visible.text(element, _LONGEST) or next(filter(None, called), ""))


def _brand(said: str) -> str | None:
    """A name: short, no sentence, no amount; without the words that lead to the brand's pages."""
    said = " ".join(said.split())
    if found := _AROUND.match(said):
        said = found["named"] or found["called"]
    said = said.strip(_EDGE.replace(".", ""))
    return said if names_brand(said) else None


def names_brand(said: str | None) -> bool:
    """Whether a text may be a brand's name, and is no filler or forgotten placeholder of a template."""
    return bool(said) and len(said or "") <= _BRAND and not _NO_BRAND.search(said or "")


# What leads to a brand's pages, or says that a brand is meant.
_AROUND = re.compile(
    r"^(?:visit the|besuche den|besuchen sie den|visite[rz]? la boutique(?: de)?|visita (?:lo store di|la tienda de|a loja da?)|bezoek de|"
    r"(?:more|shop|see all|view all)(?: products)? (?:from|by))\s+(?P<named>.+?)(?:[\s-]+(?:store|shop|winkel))?$|"
    r"^(?:(?-i:by|von)|brand|marke|marque|marca|merk|producent|make|hersteller)(?:\s*:\s*|\s+(?=\S))(?P<called>.+)$",
    re.IGNORECASE,
)
_NO_BRAND = re.compile(
    r"^(?:(?:(?:see |show |view )?(?:all |other |our )?)brands?|brand (?:image|logo)|n/?a|none|null|unknown|no[ -]?(?:brand|name)|un-?branded|markenlos|sans marque|sin marca|"
    r"does not apply|other|see|more|mehr|logo|home|\W*|\d+)$|https?:|\?|[^\W\d_]{4,}\.\s|[€£₹{}]|^\$|\$\s?\d|:\s",
    re.IGNORECASE,
)


def gtin(said: str) -> str | None:
    """A trade item number of 8, 12, 13 or 14 digits, or an ISBN of 10, whose check digit is right."""
    plain = re.sub(r"[\s\u00a0\-‐‑–]", "", said).upper()
    if re.fullmatch(r"\d{9}[\dX]", plain):
        return plain if sum((10 - n) * (10 if d == "X" else int(d)) for n, d in enumerate(plain)) % 11 == 0 else None
    if not re.fullmatch(r"\d{8}|\d{12,14}", plain) or int(plain) == 0:
        return None
    return plain if sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(plain))) % 10 == 0 else None


def _mpn(said: str) -> str | None:
    """A maker's number has a digit and is no sentence."""
    said = " ".join(said.split())
    return said if re.fullmatch(r"(?=\D*\d)[A-Za-z0-9][\w./+\-# ]{1,39}", said) and said.count(" ") < 4 else None


_VALUES = {"brand": _brand, "maker": _brand, "gtin": gtin, "mpn": _mpn}

_LINKS = re.compile(
    r"/(?:brands?|marken?|marques?|marcas?|merken?|manufacturers?|hersteller|fabricants?|fabricantes?|vendors?|designers?|producent|znacka|vyrobce|brend)[/=_-][^/?]|"
    r"[?&](?:brand|manufacturer|vendor|marke|marca|marque)s?=[^&]|collections/vendors\?q=",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\bbrand\b|brand-?(?:name|link|logo|title)|product-?brand|manufacturer|\bmarke\b|\bmarque\b|vendor|\bdesigner\b",
    re.IGNORECASE,
)
_NEAR = range(-40, 60)  # elements from the title


def named_brand(elements: Sequence[HtmlElement], title: int) -> str | None:
    """The brand beside the title without a label: a link to a brand's pages, or an element that is called a brand."""
    own = set(elements[title].iterancestors()) if elements else set()
    near: list[tuple[int, str]] = []
    for place in range(max(title + _NEAR.start, 0), min(title + _NEAR.stop, len(elements))):
        element = elements[place]
        linked = element.tag == "a" and _LINKS.search(element.get("href") or "")
        if not linked and not _NAMED.search(visible.names(element)):
            continue
        if element in own or weights.of_others(element, own) or (name := brand(element)) is None:
            continue
        near.append((abs(place - title), name))
    return min(near)[1] if near else None
