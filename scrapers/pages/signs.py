"""What says that a page is a list, where too few products stand on it to tell by their number.

In: a page. Out: whether it speaks as a page of a list does: by its address, its numbered pages, its order, its count.
"""

import re
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from scrapers.pages import visible
from scrapers.pages.product import ProductPage

_NUMBERED = re.compile(
    r"[?&](?:page|p|pg|paged|seite|pagina|página|pag|strona|strana|sida|side)=\d+|"
    r"/(?:page|seite|pagina|p[aá]gina|strona|strana|sida|side)[-/_]?\d+(?=/|$|\?)",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"/(?:collections?|categor(?:y|ies|ia|ias|ie|ía|ías)|kategori\w*|cat[eé]gories?|c|catalog(?:ue)?|shop-all|all-products|alle-produkte|search)(?=/|$)",
    re.IGNORECASE,
)
_PRODUCTS = re.compile(r"/(?:products?|produkte?|produits?|productos?|prodott[io]|p|items?|dp)/[^/]", re.IGNORECASE)
_SORT = re.compile(
    r"sort|order-?by|orderby|sortier|trier|ordenar|ordina|sorteer|sorter|sortuj|řadit|сортир", re.IGNORECASE
)
_COUNT = re.compile(
    r"(?<![\d.,])\d+\s+(?:products?|items|results?|artikel|produkte|produits|articles|productos|art[ií]culos|articol[io]|prodott[io]|"
    r"produtos?|producten|produkter|varer|tuotetta|produktów|produktů|товар\w*)\b|\d+\s?件|"
    r"\b(?:all|alle|tous les|todos los|tutti i|todos os) (?:products|produkte|produits|productos|prodotti|produtos|producten|produkter)\b",
    re.IGNORECASE,
)
_SHORT = 80  # characters of a line that counts products


def of_a_list(page: ProductPage) -> bool:
    """Whether a page says that it is a list, whatever stands on it."""
    path = urlsplit(page.url).path
    listed = _LISTS.search(path) and not _PRODUCTS.search(path)
    return bool(_NUMBERED.search(page.url) or listed or _counted(page) or _sorted(page) or _paged(page))


def _counted(page: ProductPage) -> bool:
    """`Showing 25-26 of 26 products`, `All products`; how many lie in a basket stands in the frame of the page."""
    for element in page.elements:
        own = visible.own_text(element)
        if len(own) <= _SHORT and _COUNT.search(own) and not _framed(element):
            return True
    return False


def _framed(element: HtmlElement) -> bool:
    pattern = re.compile(r"cart|basket|warenkorb|panier|wishlist|review", re.IGNORECASE)
    return any(
        one.tag in ("header", "footer", "nav", "a", "button") or pattern.search(visible.names(one))
        for one in [element, *visible.ancestors(element, 8)]
    )


def _sorted(page: ProductPage) -> bool:
    """Lists have a choice of their order; so do reviews, whose choices say nothing of a price."""
    for choice in page.tree.iter("select"):
        called = f"{visible.names(choice)} {choice.get('name') or ''} {choice.get('aria-label') or ''}"
        if _SORT.search(called) and visible.PRICED.search(" ".join(choice.itertext())):
            return True
    return False


def _paged(page: ProductPage) -> bool:
    """A link to another page of this very address."""
    here = _unnumbered(page.url)
    links = (
        urljoin(page.url, link.get("href")) for link in page.tree.iter("a") if _NUMBERED.search(link.get("href") or "")
    )
    return any(_unnumbered(link) == here for link in links)


def _unnumbered(url: str) -> str:
    parts = urlsplit(_NUMBERED.sub("", url))
    return f"{parts.netloc}{parts.path.split('&')[0].rstrip('/')}"
