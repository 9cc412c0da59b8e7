"""What kind of page a response is, and why one is no product.

A page that is no product must yield none: a bot check, a captive portal, an error shell, a listing, a page of reviews.
"""

import re
from urllib.parse import urlsplit

from scrapers.pages import listing, stock, values, visible
from scrapers.pages.listing import Tile
from scrapers.pages.product import SURE, ProductPage

_BLOCKED = re.compile(
    r"robot or human|are you a (?:human|robot)|not a robot|enter the characters you see|verify (?:that )?you(?:'re| are) (?:a )?human|"
    r"unusual (?:traffic|activity)|access (?:to this page has been )?denied|pardon our interruption|just a moment|checking your browser|"
    r"attention required|security check|press & hold|captcha|automated access|request blocked|bot detection",
    re.IGNORECASE,
)
_PORTAL = re.compile(
    r"captive portal|wi-?fi (?:login|access)|log ?in to (?:the )?network|accept the terms .{0,40}(?:internet|wi-?fi|network)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"page (?:not found|can.t be found|doesn.t exist)|not found|something went wrong|internal server error|service (?:temporarily )?unavailable|bad gateway|"
    r"seite (?:wurde )?nicht gefunden|page introuvable|página no encontrada|pagina non trovata|we couldn.t find|no longer exists|oops",
    re.IGNORECASE,
)
# A number alone says so only in a heading, as all of it or beside a word: things are sold in 500 pieces, for 404.
_ERROR_NUMBER = re.compile(
    r"(?:^|\s[|:·–—-])\s*(?:404|410|500|502|503)\s*(?:$|[|:·–—-]\s)|"
    r"\b(?:errore?|fehler|erreur|fout|fel|chyba|błąd|http|status|code)\W{0,3}(?:404|410|500|502|503)(?![\d.,]*\d)|"
    r"(?<![\d.,])(?:404|410|500|502|503)\W{0,3}(?:errore?|fehler|erreur)\b",
    re.IGNORECASE,
)
_REVIEWS = re.compile(r"product-reviews|/reviews?(?:/|$)", re.IGNORECASE)
_REVIEW_TITLE = re.compile(r"^\s*(?:customer )?reviews?\b|\breviews?:|\breviews? (?:of|for)\b", re.IGNORECASE)
_CART_WORD = (
    r"(?:cart|basket|(?:shopping )?bag|trolley|checkout|wish ?list|order (?:summary|confirmation)|warenkorb|einkaufswagen|einkaufstasche|"
    r"kasse|merkzettel|wunschzettel|bestellübersicht|panier|commande|caisse|carrito|cesta|carrello|carrinho|winkelwagen|winkelmandje|"
    r"kundvagn|varukorg|indkøbskurv|handlekurv|ostoskori|koszyk|košík|kosár|coș(?:ul)?|sepetim?|корзина)"
)
# All of a heading, but for whose it is and how much is in it: what is sold may be a shopping cart, or a bag.
_CART = re.compile(
    rf"^\W*(?:(?:your|my|shopping|mein|dein|ihr|mon|votre|tu|mi|il tuo|seu|meu|je|din|twój|váš|ваша)\s+)*{_CART_WORD}\W*"
    r"(?:(?:is empty|ist leer|est vide)|[(:|–—-].*|\d+\W*\w*)?\W*$",
    re.IGNORECASE,
)
_CART_PATH = re.compile(rf"^/(?:[a-z]{{2}}(?:[-_][a-z]{{2}})?/)?{_CART_WORD}(?:[/.]|$)", re.IGNORECASE)
_SEARCH = re.compile(
    r"\b(?:search )?results?\b|résultats?\b|suchergebnis|treffer für|resultados|risultati|zoekresultaten|sökresultat|wyniki|výsledky|результаты",
    re.IGNORECASE,
)
_SEARCHED = re.compile(
    r"^/(?:s|search|catalogsearch|suche|recherche|buscar|busca|ricerca|zoeken|szukaj|hledat)(?:/|$)", re.IGNORECASE
)
_FAR = 600  # elements between a title and its price
ALIKE = 0.5  # words that two names share, of all their words
_SHORT = 3_000  # characters of a page that says nothing but that it is blocked, or broken


def refusal(page: ProductPage) -> str | None:
    """Say why a page is no product; None where it is one."""
    title = page.tree.findtext(".//title") or ""
    claimed = page.claim.price is not None and page.claim.title is not None
    if not claimed and not page.about_one and (broken := _broken(page, title)):
        return broken
    if _REVIEWS.search(urlsplit(page.url).path) or (_REVIEW_TITLE.search(title) and not claimed):
        return "a page of reviews"
    if not claimed and _of_a_cart(page):
        return "a cart or a checkout"
    if page.about_one:
        return _listing(tiles) if claimed and (tiles := _of_tiles(page)) else None
    return _many(page) if page.about_one is None else _not_one(page)


def _of_a_cart(page: ProductPage) -> bool:
    heads = [visible.text(one) for one in page.tree.iter("h1")]
    return bool(_CART_PATH.search(urlsplit(page.url).path)) or any(_CART.search(head) for head in heads)


def _broken(page: ProductPage, title: str) -> str | None:
    """A short page that says so in a heading, or anywhere where it has no price."""
    heads = [title, *(visible.text(one) for one in page.tree.iter("h1"))]
    words = " ".join(" ".join((one.text or "").split()) for one in page.elements)
    error = _ERROR.search(title) or any(_ERROR_NUMBER.search(head) for head in heads)
    if len(words) < _SHORT:
        said = heads if page.shown else [*heads, words]
        for pattern, kind in (
            (_BLOCKED, "blocked: a bot check"),
            (_PORTAL, "a captive portal"),
            (_ERROR, "an error page"),
        ):
            if any(pattern.search(one) for one in said):
                return kind
        return "an error page" if error else None
    return "an error page" if error and not page.shown else None


def _of_tiles(page: ProductPage) -> list[Tile]:
    """The tiles of a page that states each of its few products, and is about none of them."""
    named = page.claim.title or ""
    if any(values.alike(visible.text(head), named) >= ALIKE for head in page.tree.iter("h1")):
        return []
    tiles = listing.tiles(page)
    return tiles if any(tile.title and values.alike(tile.title, named) >= ALIKE for tile in tiles) else []


def _listing(tiles: list[Tile]) -> str:
    return f"a listing of {len(tiles)} product{'' if len(tiles) == 1 else 's'}"


def _not_one(page: ProductPage) -> str:
    return _listing(tiles) if (tiles := listing.tiles(page)) else "no product: the shop's product pages look otherwise"


def _many(page: ProductPage) -> str | None:
    """Judge by what is shown: the first amount behind the title belongs to it, or to a product in a list."""
    place, title = page.heading
    tiles = listing.tiles(page)
    if title and page.shown and page.shown[0].score >= SURE and not listing.holds(tiles, page.shown[0].element):
        return None
    behind = sorted((one for one in page.shown if one.place >= place), key=lambda one: one.place)
    if title and tiles and stock.shown(page.elements[: page.elements.index(tiles[0].element)], place) is False:
        return None  # sold out, and others are offered in its place
    if tiles and (title is None or not behind or listing.holds(tiles, behind[0].element)):
        return _listing(tiles)
    if _SEARCHED.search(urlsplit(page.url).path) or _SEARCH.search(title or ""):
        return f"{_listing(tiles)}: what a search found"
    if title is None:
        return "no product: it has neither a title nor structured data of one"
    if not behind or behind[0].place - place > _FAR:
        return "no product: no price belongs to its title"
    return None
