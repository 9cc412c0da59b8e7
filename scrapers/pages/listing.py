"""A listing: its tiles with prices, the links to products, and the next page.

Tiles are found without rules for a shop: elements of one name that each hold a link and an amount of money, side by side.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from lxml.html import HtmlElement

from scrapers.pages import visible
from scrapers.pages.product import ProductPage
from scrapers.pages.visible import Shown

FEWEST = 4  # of which one speaks as a list
_NEXT = re.compile(
    r"^(?:next|next page|weiter|nächste|suivant|suivante|siguiente|successiv[ao]|próxima|następna|ďalej|další|след|→|›|»|>)(?!\w)",
    re.IGNORECASE,
)


@dataclass
class Tile:
    """A product in a list."""

    title: str | None
    url: str | None
    price: Decimal | None
    currency: str | None
    element: HtmlElement

    def document(self) -> dict[str, Any]:
        price = None if self.price is None else format(self.price, "f")
        return {"title": self.title, "url": self.url, "price": price, "currency": self.currency}


def tiles(page: ProductPage) -> list[Tile]:
    """The largest group of like-named elements that each hold an amount and a link of their own; of equals the outermost."""
    groups: dict[tuple[int, str, str], dict[str, HtmlElement]] = defaultdict(dict)
    for shown in sorted(page.shown, key=lambda one: one.place):
        above = [shown.element, *shown.element.iterancestors()]
        for depth, element in zip(range(len(above), 0, -1), above, strict=True):
            if element.tag in ("body", "html"):
                break
            link = element if element.tag == "a" else element.find(".//a[@href]")
            if link is not None and link.get("href"):
                groups[depth, element.tag, _called(element)].setdefault(link.get("href").split("#")[0], element)
    rows = {key: list(group.values()) for key, group in groups.items() if len(group) >= FEWEST}
    best = max(rows, key=lambda key: (len(rows[key]), -key[0]), default=None)
    return _tiles(rows[best], page) if best else []


def _tiles(elements: list[HtmlElement], page: ProductPage) -> list[Tile]:
    """Read each tile, with the amounts that lie in it."""
    inside: dict[HtmlElement, list[Shown]] = {element: [] for element in elements}
    for shown in page.shown:
        holder = next((one for one in [shown.element, *shown.element.iterancestors()] if one in inside), None)
        if holder is not None:
            inside[holder].append(shown)
    return [_tile(element, sums, page.url) for element, sums in inside.items()]


def _called(element: HtmlElement) -> str:
    """The first class of an element, without numbers, which may count the tiles."""
    return re.sub(r"\d+", "", (element.get("class") or "").split(" ")[0])


def holds(tiles: list[Tile], element: HtmlElement) -> bool:
    """Whether an element lies in one of the tiles."""
    inside = {tile.element for tile in tiles}
    return element in inside or any(one in inside for one in element.iterancestors())


def next_page(page: ProductPage) -> str | None:
    """The address that the page itself names as the next."""
    for link in [*page.tree.iterfind(".//link[@rel='next']"), *page.tree.iterfind(".//a[@rel='next']")]:
        return str(urljoin(page.url, link.get("href") or ""))
    for link in page.tree.iter("a"):
        called = f"{link.get('aria-label') or ''} {link.get('title') or ''}".strip() or visible.text(link)
        if link.get("href") and (
            _NEXT.match(called.strip()) or re.search(r"(?:^|[\s-])next(?:$|[\s-])", link.get("class") or "")
        ):
            return str(urljoin(page.url, link.get("href")))
    return None


def _tile(element: HtmlElement, sums: list[Shown], url: str) -> Tile:
    links = [element] if element.tag == "a" else [one for one in element.iter("a") if one.get("href")]
    named = max(links, key=lambda link: len(visible.text(link)), default=None)
    asked = [one for one in sums if not one.struck] or sums
    best = max(asked, key=lambda one: (one.score, -one.place), default=None)
    title = element.find(".//img[@alt]")
    said = (visible.text(named) if named is not None else "") or (title.get("alt") if title is not None else "")
    return Tile(
        title=" ".join(said.split()) or None,
        url=urljoin(url, links[0].get("href") or "") if links else None,
        price=best.money.amount if best else None,
        currency=best.money.currency if best else None,
        element=element,
    )
