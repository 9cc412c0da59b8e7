"""Crawling: pages a second of one whole crawl of a demo shop, delays off, beside a bare Scrapy spider on the same site.

The bare spider follows the same listings and writes JSON lines: no robots.txt, no manners, no memory, no checks. Once it takes title, price
and number from each product by CSS, which knows this one shop; once it has extruct read the page, as ours reads pages of any shop.
Wall seconds say what a person waits for, CPU seconds what the crawler itself costs beside the shop on the same machine.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mart.local import ports

ROOT = Path(__file__).parents[1]
PRODUCTS, RUNS, CONCURRENT = 1_000, 3, 8
START = 1.0  # CPU seconds that any of them takes to be loaded

BARE = """
import json, sys, time
import extruct, scrapy
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    start_urls = [sys.argv[1]]
    def parse(self, response):
        yield from response.follow_all(css="article.card > a", callback=self.product)
        yield from response.follow_all(css=".pager a[rel=next]")
    def product(self, response):
        if sys.argv[3] == "extruct":
            yield {{"url": response.url, "found": extruct.extract(response.text, base_url=response.url)}}
            return
        yield {{"title": response.css("h1::text").get(), "price": response.css(".price.now::text").get(),
               "sku": response.css(".facts td::text").getall()[1], "url": response.url}}

process = CrawlerProcess({{"LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS_PER_DOMAIN": {concurrent}, "FEEDS": {{sys.argv[2]: {{"format": "jsonlines"}}}},
                          "TELNETCONSOLE_ENABLED": False}})
crawler = process.create_crawler(Bare)
process.crawl(crawler)
begin = time.monotonic()
process.start()
print(json.dumps({{"pages": crawler.stats.get_value("response_received_count"), "seconds": time.monotonic() - begin}}))
"""


class Cost(NamedTuple):
    """What a crawl cost: pages a second, and milliseconds of CPU for each."""

    rate: float
    cpu: float


def run() -> dict[str, object]:
    """Crawl by turns; a first crawl reads everything, a second one finds nothing changed."""
    folder = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    try:
        with _shop(folder) as start:
            kinds: dict[str, Callable[[int], Cost]] = {
                "bare, CSS": lambda number: _bare(folder, start, number, "css"),
                "bare, extruct": lambda number: _bare(folder, start, number, "extruct"),
                "ours": lambda number: _ours(folder, start, number),
                "ours, nothing changed": lambda number: _ours(folder, start, number),
            }
            costs: dict[str, list[Cost]] = {kind: [] for kind in kinds}
            for number in range(RUNS):
                for kind, crawl in kinds.items():
                    costs[kind].append(crawl(number))
        rates = {kind: statistics.median(one.rate for one in found) for kind, found in costs.items()}
        return {
            "products": PRODUCTS,
            "pages/s": rates,
            "CPU ms a page": {kind: statistics.median(one.cpu for one in found) for kind, found in costs.items()},
            "ratio crawl to CSS": rates["ours"] / rates["bare, CSS"],
            "ratio crawl to extruct": rates["ours"] / rates["bare, extruct"],
            "ratio crawl of what has not changed": rates["ours, nothing changed"] / rates["bare, CSS"],
        }
    finally:
        shutil.rmtree(folder)


def _bare(folder: Path, start: str, number: int, how: str) -> Cost:
    script, items = folder / "bare.py", folder / f"bare-{how}-{number}.jsonl"
    script.write_text(BARE.format(concurrent=CONCURRENT))  # a file: Scrapy reads the source of callbacks
    cost = _cost([str(script), start, str(items), how])
    assert len(items.read_text().splitlines()) == PRODUCTS, "the bare spider has not read every product"
    return cost


def _ours(folder: Path, start: str, number: int) -> Cost:
    """Crawl with a memory of its own for each run, so that the second crawl of a run knows the first one's pages."""
    settings = folder / "settings.toml"
    shop = {"start": [start], "private": True, "delay_seconds": 0, "concurrent": CONCURRENT, "limit": 10 * PRODUCTS}
    settings.write_text("[shops.bench]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in shop.items()))
    home = folder / f"home-{number}"
    return _cost(["-m", "scrapers", "crawl", "bench", "--settings", str(settings), "--home", str(home), "--json"])


def _cost(words: list[str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    after, told = resource.getrusage(resource.RUSAGE_CHILDREN), json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - START
    return Cost(told["pages"] / told["seconds"], 1000 * cpu / told["pages"])


@contextmanager
def _shop(folder: Path) -> Iterator[str]:
    port = ports.free(folder)
    words = ["-m", "mart.local.demoshop", "--port", str(port), "--products", str(PRODUCTS)]
    child = subprocess.Popen([sys.executable, *words], cwd=ROOT)
    try:
        while not ports.answers(port):
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/alpha/c/all"
    finally:
        child.terminate()
        child.wait()
