"""How pages write structured data: JSON-LD, microdata, RDFa and OpenGraph, brought to the shape of JSON-LD.

In: a parsed page. Out: nodes, i.e. objects with `@type` and properties. extruct reads; nothing is understood here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from extruct.jsonld import JsonLdExtractor
from extruct.opengraph import OpenGraphExtractor
from extruct.rdfa import RDFaExtractor
from extruct.w3cmicrodata import MicrodataExtractor
from lxml.html import HtmlElement

Node = dict[str, Any]
Value = Any  # of a property: whatever JSON holds

PRODUCT = re.compile(
    r"(?:^|/)(Product|ProductGroup|ProductModel|IndividualProduct|SomeProducts|Vehicle|Car|Book|Event)$"
)
# What hangs below a product under these names is another product.
_OTHERS = {
    "isRelatedTo",
    "isSimilarTo",
    "isAccessoryOrSparePartFor",
    "isConsumableFor",
    "itemListElement",
    "itemReviewed",
    "review",
    "reviews",
}


def json_ld(tree: HtmlElement) -> list[Node]:
    """Each script by itself: one that is broken must not take the others along."""
    found: list[Node] = []
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            found += [node for node in JsonLdExtractor().extract_items(script) if isinstance(node, dict)]
        except (json.JSONDecodeError, ValueError):
            continue
    return found


def microdata(tree: HtmlElement, url: str) -> list[Node]:
    """Read microdata, where there is any."""
    if tree.find(".//*[@itemtype]") is None:
        return []
    return [_flat(node) for node in MicrodataExtractor().extract_items(tree, base_url=url)]


def _flat(node: Value) -> Value:
    """Give microdata the shape of JSON-LD."""
    if isinstance(node, list):
        return [_flat(one) for one in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    return {"@type": kind} | {name: _flat(value) for name, value in node.get("properties", {}).items()}


def rdfa(tree: HtmlElement, url: str) -> list[Node]:
    """Read RDFa where a page has a product in it: the reader is slow."""
    if not any(
        PRODUCT.search(one.get("typeof", "")) or ":Product" in one.get("typeof", "")
        for one in tree.iterfind(".//*[@typeof]")
    ):
        return []
    short = "http://schema.org/"
    nodes = RDFaExtractor().extract_items(tree, base_url=url)
    by_id = {node.get("@id"): node for node in nodes}

    def resolved(value: Value, depth: int = 0) -> Value:
        if isinstance(value, list):
            return [resolved(one, depth) for one in value]
        if isinstance(value, dict) and "@id" in value and value["@id"] in by_id and depth < 4:
            return {k.removeprefix(short): resolved(v, depth + 1) for k, v in by_id[value["@id"]].items()}
        return value

    return [resolved({"@id": node.get("@id")}) for node in nodes]


def walk(nodes: list[Value]) -> Iterator[Node]:
    """Visit every node, however deep, but not those of other products."""
    for node in nodes:
        if isinstance(node, dict):
            yield node
            for name, value in node.items():
                if name not in _OTHERS:
                    yield from walk(many(value))


def open_graph(tree: HtmlElement) -> dict[str, str]:
    """Read the properties that a page shares with social networks; extruct keeps to the namespaces that the page declares."""
    said: dict[str, str] = {}
    for graph in OpenGraphExtractor().extract_items(tree):
        for name, value in graph.get("properties", []):
            said.setdefault(name, value)
    for one in tree.iterfind(".//meta[@property]"):
        said.setdefault(one.get("property") or "", one.get("content") or "")
    return said


def kind_of(node: Node) -> str:
    """The type of a node, without its vocabulary; of several the one that is a product."""
    kinds = [str(kind).rpartition("/")[2].rpartition("#")[2] for kind in many(node.get("@type"))]
    return next((kind for kind in kinds if PRODUCT.search(kind)), kinds[0] if kinds else "")


def many(value: Value) -> list[Value]:
    """Make a list of what may be one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: Value) -> str | None:
    """The first text in a value, whichever way it is wrapped."""
    for one in many(value):
        inner = one.get("@value", one.get("@id")) if isinstance(one, dict) else one
        if isinstance(inner, str | int | float) and not isinstance(inner, bool) and str(inner).strip():
            return " ".join(str(inner).split())
    return None


def name_of(value: Value, *names: str) -> str | None:
    """The name of a thing that may be an object or just a text."""
    for one in many(value):
        found = next((t for n in (*names, "name") if (t := text(one.get(n)))), None) if isinstance(one, dict) else None
        if found or (found := text(one)):
            return found
    return None
