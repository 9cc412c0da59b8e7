"""Which links of a page a crawl follows: tiles and the next page of a listing, the navigation of an entrance.

In: a page object. Out: steps for the crawl's memory.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

from scrapers.memory import Step
from scrapers.pages import listing
from scrapers.pages.product import ProductPage

MOST = 60  # links that an entrance's navigation is followed to
_FRONT = re.compile(r"(?<=/)(?:index|home|default)\.\w+$", re.IGNORECASE)
_VARIES = re.compile(r"[\d-]")


def of_listing(page: ProductPage, shapes: Iterable[str]) -> list[Step]:
    """Give a listing's tiles and its next page.

    Too few tiles to speak as a list, as on a last page, are known by the shape of their addresses.
    """
    tiles = [tile.url for tile in listing.tiles(page) if tile.url] or [
        url for url in _links(page, ".//a[@href]") if shape(url) in set(shapes)
    ]
    steps = [Step(url, "tile") for url in _tidy(tiles, page.url)]
    following = _tidy([listing.next_page(page) or ""], page.url) if steps else []  # a list that has ended leads nowhere
    return [*steps, *(Step(url, "next") for url in following)]


def of_entrance(page: ProductPage) -> list[Step]:
    """Give the listings that a front page names in its navigation, as far as they lie below it."""
    named = _links(page, ".//nav//a[@href]") or _links(page, ".//header//a[@href]")
    urls = [url for url in _tidy(named, page.url) if url.startswith(_folder(page.url))]
    return [Step(url, "entrance") for url in urls][:MOST]


def _folder(url: str) -> str:
    """Give the address below which a front page's own listings lie: `/de/` for `/de/` and for `/de/index.html`."""
    parts = urlsplit(url)
    path = _FRONT.sub("", parts.path) or "/"
    return urlunsplit((parts.scheme, parts.netloc, path if path.endswith("/") else f"{path}/", "", ""))


def shape(url: str) -> str:
    """Tell what addresses of one kind have in common: host and path, without the parts that vary.

    >>> shape("https://shop.example/p/blue-lamp-17.html?ref=list")
    'shop.example/p/*'
    """
    parts = urlsplit(url)
    *steps, last = parts.path.split("/")
    return "/".join([parts.netloc, *("*" if _VARIES.search(one) else one for one in steps if one), "*" if last else ""])


def _links(page: ProductPage, path: str) -> list[str]:
    return [urljoin(page.url, link.get("href")) for link in page.tree.iterfind(path)]


def _tidy(urls: Iterable[str], here: str) -> Iterator[str]:
    """Leave out fragments, repeats and the page itself."""
    seen = {urldefrag(here).url, ""}
    for url in (urldefrag(one.strip()).url for one in urls):
        if url not in seen:
            seen.add(url)
            yield url
