"""Saved pages of real shops: how well they are read, and that no page yields a product that is none."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml.html import fromstring

from scrapers import evaluate
from scrapers.pages import kinds, labels, listing, ratings
from scrapers.pages.product import ProductPage
from scrapers.pages.reading import read_page

# What the best published system reached on these pages.
ZYTE = {"price": 0.943, "sku": 0.826, "availability": 0.952}


def labelled(data: Path, *types: str) -> dict[str, tuple[ProductPage, dict[str, Any]]]:
    labels = json.loads((data / "page-labels.json").read_text())
    hosts = {"amazon": "https://www.amazon.in/", "flipkart": "https://www.flipkart.com/"}

    def url(name: str, label: dict[str, Any]) -> str | None:
        host = next((host for shop, host in hosts.items() if f"pages-{shop}" in name), None)
        return f"https://www.{label['shop']}/" if label.get("shop") else host

    return {
        n: (read_page(data / n, url(n, label)), label) for n, label in labels.items() if label["page_type"] in types
    }


@cache
def scored(data: Path) -> dict[str, dict[str, dict[str, float]]]:
    return evaluate.scores(data / "zyte-product-benchmark")


def test_the_benchmarks_pages_are_read_better_than_by_the_best_published_system(data: Path) -> None:
    scores = scored(data)
    assert {field: scores["Zyte"][field]["f1"] for field in ZYTE} == ZYTE  # our measure is theirs
    assert {field: scores["ours"][field]["f1"] for field in ZYTE if scores["ours"][field]["f1"] <= ZYTE[field]} == {}


def test_prices_of_labelled_products_are_right(data: Path) -> None:
    wrong = {}
    for name, (page, label) in labelled(data, "product").items():
        assert kinds.refusal(page) is None, name
        item = page.item()
        expected = None if label["price"] is None else Decimal(label["price"])
        if item.price != expected or item.currency != label["currency"]:
            wrong[name] = (item.price, item.currency, expected)
    assert wrong == {}


@pytest.mark.parametrize("kind", ["blocked", "reviews", "listing"])
def test_a_page_that_is_no_product_yields_none(data: Path, kind: str) -> None:
    pages = labelled(data, kind)
    assert pages
    assert {name: kinds.refusal(page) for name, (page, _) in pages.items() if kinds.refusal(page) is None} == {}


def test_nearly_every_listing_gives_all_its_tiles(data: Path) -> None:
    counted = {
        n: (len(listing.tiles(p)), label["items"])
        for n, (p, label) in labelled(data, "listing").items()
        if label.get("items")
    }
    exact = [name for name, (found, expected) in counted.items() if found == expected]
    assert len(exact) / len(counted) >= 0.7, counted


def test_brands_are_read_from_what_holds_them(data: Path) -> None:
    """A label before a brand, which a fifth of the misses keep (`Brand: Nike`), is taken away by us."""
    snippets = json.loads((data / "zyte-parsers-values" / "brand_values.json").read_text())
    right = [one for one in snippets if labels.brand(fromstring(one["html"])) == one["value"]]
    assert len(right) / len(snippets) >= 0.94


def test_ratings_are_read_from_what_holds_them(data: Path) -> None:
    """0.0 is no rating to us, and neither are shares of people who recommend a product."""
    snippets = json.loads((data / "zyte-parsers-values" / "rating_values.json").read_text())
    right = 0
    for one in snippets:
        parent = fromstring(f"<div>{one['parent_html']}</div>")
        node = next(element for element in parent.iter() if element.get("xd-target-node") is not None)
        found = ratings.read(node)
        right += (found[0] if found else None) == one["ratingValue"]
    assert right / len(snippets) >= 0.94


def test_the_rest_of_the_benchmarks_fields_is_read_better_than_by_the_published_systems(data: Path) -> None:
    scores = scored(data)
    for field in ("brand", "gtin"):
        assert scores["ours"][field]["f1"] > max(said[field]["f1"] for name, said in scores.items() if name != "ours")
