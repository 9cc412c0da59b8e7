"""Whatever a page holds, reading it ends, in seconds, and raises nothing."""

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scrapers.pages import kinds, listing
from scrapers.pages.product import ProductPage
from scrapers.pages.reading import open_page

URL = "https://shop.example/p/1"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@type", "@value", "@id", "name", "price", "url"]), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip
FIELDS = (
    "name",
    "sku",
    "brand",
    "offers",
    "image",
    "aggregateRating",
    "hasVariant",
    "category",
    "review",
    "gtin",
    "url",
    "productID",
)


def read(body: bytes) -> ProductPage:
    page = open_page(body, URL)
    kinds.refusal(page)
    json.dumps(page.item().document())
    [tile.document() for tile in listing.tiles(page)]
    listing.next_page(page)
    return page


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_structured_data_may_hold_anything(product: dict[str, Any]) -> None:
    data = json.dumps({"@type": "Product", **product}).replace("<", "")
    read(f'<html><title>x</title><script type="application/ld+json">{data}</script><h1>x</h1></html>'.encode())


@given(st.binary(max_size=300))
def test_a_body_may_hold_anything(body: bytes) -> None:
    read(body)


def test_a_page_without_end_is_read_in_seconds() -> None:
    tiles = "".join(
        f'<li class="p"><a href="/p/{n}">Lamp {n}</a><b class="price">${n}.50</b></li>' for n in range(5_000)
    )
    deep = "<div class='price'>" * 3_000 + "$5.00" + "</div>" * 3_000
    text = "<p>" + "only $3 more for 12 of 40 pieces " * 30_000 + "</p>"
    script = "<script>" + '{"a": [1, 2, 3]},' * 100_000 + "</script>"
    facts = "<tr><td>Brand</td><td>4.5 of 5 &gt; 3 reviews</td></tr>" * 5_000
    for many in (tiles, deep, text, script, facts, tiles + deep + text + script):
        begin = time.perf_counter()
        read(f"<html><head><title>Lamps</title></head><body><h1>Lamps</h1>{many}</body></html>".encode())
        assert time.perf_counter() - begin < 30  # some 5 on a machine at rest
