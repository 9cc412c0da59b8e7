"""Open a saved or fetched page as the page object that knows it best."""

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

from web_poet import HttpResponse

from scrapers.item import shop
from scrapers.pages.product import ProductPage
from scrapers.pages.shops import SHOPS

NOWHERE = "https://unknown.invalid/"


def open_page(body: bytes, url: str | None) -> ProductPage:
    """Choose the page object by the shop's address; without one, or without a path, the page's canonical address counts."""
    if url and "//" not in url:
        url = f"https://{url}"
    response = _response(url or NOWHERE, body)
    tree = ProductPage(response).tree
    if not url or urlsplit(url).path in ("", "/"):
        links = [*tree.iterfind(".//link[@rel='canonical']"), *tree.iterfind(".//meta[@property='og:url']")]
        stated = next(
            (a for one in links if (a := one.get("href") or one.get("content") or "").startswith("http")), None
        )
        if stated and (not url or shop(stated) == shop(url)):
            response = _response(stated, body)
    host = shop(str(response.url))
    kind = next((page for pattern, page in SHOPS.items() if re.search(pattern, host)), ProductPage)
    return kind(response)


def read_page(file: Path, url: str | None = None) -> ProductPage:
    """Open a saved page, packed or not. Raises OSError where there is none."""
    body = file.read_bytes()
    return open_page(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body, url)


def _response(url: str, body: bytes) -> HttpResponse:
    """What is UTF-8 byte for byte is UTF-8, whatever else the page declares."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return HttpResponse(url, body=body)
    return HttpResponse(url, body=body, encoding="utf-8")
