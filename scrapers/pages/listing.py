"""A listing: its tiles with prices, the links to products, and the next page.

Tiles are found without rules for a shop: elements of one name that each hold a link and an amount of money, side by side.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from scrapers.pages import signs, stock, visible
from scrapers.pages.product import FAIR, ProductPage
from scrapers.pages.visible import Shown

FEWEST = 4  # of which one speaks as a list, whatever else is on the page
Group = dict[str, HtmlElement]  # like-named elements by the address they link to
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
    """The largest group of like-named elements that each hold an amount and a link of their own; of equals the outermost.

    Few of them are a list only where nothing else on the page is for sale.
    """
    groups = _groups(page)
    rows = {key: list(group.values()) for key, group in groups.items() if len(group) >= FEWEST}
    best = max(rows, key=lambda key: (len(rows[key]), -key[0]), default=None)
    return _tiles(rows[best] if best else _few(page, groups), page)


def _groups(page: ProductPage) -> dict[tuple[int, str, str], Group]:
    """Elements around amounts, by depth, tag and name."""
    groups: dict[tuple[int, str, str], Group] = defaultdict(dict)
    for shown in sorted(page.shown, key=lambda one: one.place):
        above = [shown.element, *shown.element.iterancestors()]
        for depth, element in zip(range(len(above), 0, -1), above, strict=True):
            if element.tag in ("body", "html"):
                break
            link = element if element.tag == "a" else element.find(".//a[@href]")
            if link is not None and link.get("href"):
                groups[depth, element.tag, _called(element)].setdefault(link.get("href").split("#")[0], element)
    return groups


def _few(page: ProductPage, groups: dict[tuple[int, str, str], Group]) -> list[HtmlElement]:
    """Two or three cards that lead elsewhere, or one on a page that says it is a list; none where the page sells something itself."""
    here = urlsplit(page.url).path.rstrip("/")
    rows = {
        key: list(group.values())
        for key, group in groups.items()
        if all(urlsplit(urljoin(page.url, link)).path.rstrip("/") not in ("", here) for link in group)
        and not any(_no_card(element) for element in group.values())
    }
    # Everything around one card holds one link and one amount too: the card is the innermost of them.
    best = max(rows, key=lambda key: (len(rows[key]), -key[0] if len(rows[key]) > 1 else key[0]), default=None)
    if best is None or (len(rows[best]) == 1 and not signs.of_a_list(page)) or _sells(page, rows[best]):
        return []
    return rows[best]


def _no_card(element: HtmlElement) -> bool:
    return element.find(".//h1") is not None or any(
        one.tag in ("header", "footer", "nav", "h1") for one in [element, *element.iterancestors()]
    )


def _sells(page: ProductPage, cards: list[HtmlElement]) -> bool:
    """Whether there is a price, or a button that buys, outside the cards."""
    heads = [place for place, element in enumerate(page.elements) if element.tag == "h1"]
    behind = page.elements[heads[0] if heads else 0 :]
    return any(one.score >= FAIR and not _inside(one.element, cards) for one in page.shown) or any(
        not _inside(button, cards) for button in stock.buttons(behind)
    )


def _inside(element: HtmlElement, cards: list[HtmlElement]) -> bool:
    return element in cards or any(one in cards for one in element.iterancestors())


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
    return _inside(element, [tile.element for tile in tiles])


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
