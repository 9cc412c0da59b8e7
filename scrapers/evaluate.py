"""How well pages are read: F1 per field on labelled pages, by the rules of the product-extraction-benchmark.

In: a folder with ground-truth.json (lists of acceptable values), html/ and output/ (what published systems gave). A wrong value
counts as a false positive and, where there is a truth, as a false negative too; a stock that nobody states is taken as there.
"""

import gzip
import json
import os
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import extruct
from rich.console import Console
from rich.table import Table as Shown

from scrapers.item import Item
from scrapers.pages import kinds
from scrapers.pages.reading import open_page, read_page

FOLDER = (
    Path(os.environ.get("MART_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "zyte-product-benchmark"
)
FIELDS = ("price", "sku", "availability", "brand", "mpn", "gtin")
RUNS = 3


def run(folder: Path) -> dict[str, Any]:
    """Score us and the published systems, and time us beside bare extruct."""
    truth = json.loads((folder / "ground-truth.json").read_text())
    return {"pages": len(truth), "scores": scores(folder), "pages_per_second": _speed(folder, truth)}


def scores(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """F1, precision and recall by system and field; ours come from reading every page."""
    truth = json.loads((folder / "ground-truth.json").read_text())
    pages = {key: read_page(folder / "html" / f"{key}.html.gz", said["url"]) for key, said in truth.items()}
    ours = {key: _answer(None if kinds.refusal(page) else page.item()) for key, page in pages.items()}
    systems = {file.stem: json.loads(file.read_text()) for file in sorted((folder / "output").glob("*.json"))}
    return {
        name: {field: score(truth, said, field) for field in FIELDS} for name, said in {"ours": ours, **systems}.items()
    }


def score(truth: dict[str, Any], said: dict[str, Any], field: str) -> dict[str, float]:
    """F1, precision and recall of one field."""
    hit = wrong = missed = 0
    for key, accepted in truth.items():
        right = {_plain(field, value) for value in accepted.get(field, [])}
        answer = _plain(field, said.get(key, {}).get(field))
        if answer is None:
            missed += bool(right)
        elif answer in right:
            hit += 1
        else:
            wrong += 1
            missed += bool(right)
    f1 = 2 * hit / (2 * hit + wrong + missed) if hit else 0.0
    return {
        "f1": round(f1, 3),
        "precision": round(hit / max(hit + wrong, 1), 3),
        "recall": round(hit / max(hit + missed, 1), 3),
    }


def _answer(item: Item | None) -> dict[str, str | None]:
    if item is None:
        return {"availability": "InStock"}
    price = None if item.price is None else str(item.price)
    stock = "OutOfStock" if item.in_stock is False else "InStock"
    return {
        "price": price,
        "sku": item.sku,
        "availability": stock,
        "brand": item.brand,
        "mpn": item.mpn,
        "gtin": item.gtin,
    }


def _plain(field: str, value: str | None) -> object:
    return Decimal(value.strip()) if field == "price" and value is not None else value


def _speed(folder: Path, truth: dict[str, Any]) -> dict[str, float]:
    """Time the reading of the labelled pages."""
    return speed([(said["url"], (folder / "html" / f"{key}.html.gz").read_bytes()) for key, said in truth.items()])


def speed(pages: list[tuple[str, bytes]]) -> dict[str, float]:
    """Pages a second of ours and of bare extruct with all its syntaxes, one process, medians of several runs.

    In: address and body of each page, packed or not.
    """
    plain = [(url, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body) for url, body in pages]
    texts = [(url, body.decode("utf-8", "replace")) for url, body in plain]

    def ours() -> None:
        for url, body in plain:
            page = open_page(body, url)
            if not kinds.refusal(page):
                page.item()

    def bare() -> None:
        for url, text in texts:
            extruct.extract(text, base_url=url, errors="ignore")

    return {"ours": len(pages) / _median(ours), "extruct": len(pages) / _median(bare)}


def _median(work: Callable[[], None]) -> float:
    def seconds() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return statistics.median(seconds() for _ in range(RUNS))


def show(result: dict[str, Any]) -> None:
    """Print the scores as a table."""
    table = Shown(title=f"F1 on {result['pages']} labelled pages")
    table.add_column("")
    for field in FIELDS:
        table.add_column(field, justify="right")
    for name, scores in result["scores"].items():
        table.add_row(name, *(f"{scores[field]['f1']:.3f}" for field in FIELDS))
    console = Console()
    console.print(table)
    speed = result["pages_per_second"]
    console.print(f"{speed['ours']:.1f} pages/s; bare extruct {speed['extruct']:.1f}")
