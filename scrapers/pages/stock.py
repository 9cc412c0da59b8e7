"""Whether a product can be had: what a page says near the title, in the words of many countries."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from scrapers.pages import visible

_GONE = re.compile(
    r"\b(?:(?:temporarily |currently )?out of stock|sold out|(?:currently|temporarily) (?:unavailable|not available)|no longer available|not available|"
    r"unavailable|ausverkauft|(?:derzeit |aktuell |momentan )?nicht (?:verfügbar|lieferbar|vorrätig|(?:auf|an|am) lager)|rupture de stock|épuisé|"
    r"(?:actuellement |temporairement )?indisponible|non disponible|agotado|sin (?:stock|existencias)|no disponible|esaurito|(?:attualmente )?non disponibile|esgotado|"
    r"indisponível|uitverkocht|niet (?:op voorraad|leverbaar)|slutsåld|slut i lager|udsolgt|utsolgt|loppu|ei varastossa|vypredan[éý]|vyprodáno|"
    r"nie je (?:na sklade|skladom)|není skladem|niedostępny|wyprzedan[ye]|brak w magazynie|elfogyott|nincs készleten|stoc epuizat|tükendi|stokta yok|"
    r"нет в наличии|снят с производства|ukončený predaj(?: produktu)?|prodej ukončen|sprzedaż zakończona|discontinued|nicht mehr (?:verfügbar|lieferbar)|fuori produzione|descatalogado|utgått|распродано|товар закончился|otsas|ei ole laos|läbi müüdud|išparduota|nav noliktavā)\b|品切れ|売り切れ|在庫切れ|품절|缺貨|售完|已售罄|غير متوفر|نفذ",
    re.IGNORECASE,
)  # fmt: skip
_BUY = re.compile(
    r"add to (?:cart|basket|bag|trolley)|buy (?:it )?now|in den (?:waren|einkaufs)korb|ajouter au panier|acheter|añadir (?:al carrito|a la cesta)|"
    r"agregar al carrito|comprar|aggiungi al carrello|acquista|adicionar (?:ao|à)|in winkelwagen|lägg i|læg i kurv|lisää ostoskoriin|"
    r"(?:pridať )?do košíka|do koszyka|kosárba|adaugă în coș|sepete ekle|в корзину|купить|lisa (?:ostu)?korvi|カートに入れる|장바구니|구매하기|加入購物車|立即購買|أضف",
    re.IGNORECASE,
)  # fmt: skip
_OTHERS = re.compile(
    r"relat|recommend|carousel|upsell|similar|also-|tile|teaser|swatch|variant|sizes|size-(?:list|select|option|picker)|store|pickup|click-?and|footer|header|nav\b|review|faq|modal|tooltip|popup|hidden|template|filter|facet",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(?:in|ex)clude|hide|show|filter|notify", re.IGNORECASE)
_FAR = 700  # elements behind the title
_LONGEST = 90  # characters of what a button or a line of stock says


def shown(elements: Sequence[HtmlElement], title: int) -> bool | None:
    """Tell what the page shows: False where it says near the title that there is none, True where it can be bought."""
    gone = buy = False
    for place, element in enumerate(elements):
        if not title <= place < title + _FAR:
            continue
        own = " ".join(visible.own_text(element).split()) or element.get("value") or ""
        if not own or len(own) > _LONGEST:
            continue
        if _BUY.search(own) and _button(element):
            buy = True
        if _GONE.search(own) and not _CHOICE.search(own) and not _of_others(element):
            gone = gone or place < title + _FAR // 2
    return False if gone and not buy else True if buy else None


def buttons(elements: Sequence[HtmlElement]) -> Iterator[HtmlElement]:
    """The buttons that buy."""
    for element in elements:
        own = " ".join(visible.own_text(element).split()) or element.get("value") or ""
        if own and len(own) <= _LONGEST and _BUY.search(own) and _button(element):
            yield element


def _button(element: HtmlElement) -> bool:
    """A button that can be pressed."""
    for one in [element, *list(element.iterancestors())[:3]]:
        if one.get("disabled") is not None or "disabled" in (one.get("class") or ""):
            return False
        if (
            one.tag in ("button", "a", "input")
            or "btn" in (one.get("class") or "")
            or "button" in (one.get("class") or "")
        ):
            return True
    return False


def _of_others(element: HtmlElement) -> bool:
    return any(
        _OTHERS.search(visible.names(one))
        for one in [element, *list(element.iterancestors())[:6]]
        if one.tag not in ("body", "html")
    )
