"""Run one crawl of a shop: Scrapy's settings from ours, one crawl a shop at a time, and what became of it.

In: settings, a shop, a destination. Out: a Summary. Scrapy's reactor can't be started twice: one crawl a process.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

import mart
from mart.settings import Scraping, Settings, Shop
from scrapers import chromium
from scrapers.manners import BLOCKED, ROBOT
from scrapers.memory import Memory
from scrapers.publishing import Destination
from scrapers.spiders.shop import ShopSpider

TIMEOUT = 30.0  # seconds that a page may take
COUNTED = (
    "pages",
    "listings",
    "new",
    "changed",
    "unchanged",
    "rejects",
    "no_product",
    "refused",
    "off_site",
    "errors",
    "blocked",
)
Watch = Callable[[Crawler], None]
OVER = ("finished", BLOCKED)  # reasons for which a crawl is not gone on with


class AtWork(RuntimeError):
    """Another crawl of the same shop has not ended yet."""


@dataclass(frozen=True)
class Summary:
    """What became of a crawl."""

    shop: str
    crawl_id: str
    resumed: bool
    reason: str  # finished, blocked, shutdown, failed
    seconds: float
    items: int  # of the crawl, those before it was gone on with as well
    counts: dict[str, int]

    @property
    def well(self) -> bool:
        return self.reason == "finished" and (self.items > 0 or self.counts["pages"] > 0)

    def document(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("shop", "crawl_id", "resumed", "reason", "items")}
        return plain | self.counts | {"seconds": round(self.seconds, 3)}

    def sentence(self) -> str:
        c = self.counts
        return (
            f"{self.shop}: {self.reason}; {c['pages']:,} pages, items {c['new']:,} new, {c['changed']:,} changed, "
            f"{c['unchanged']:,} unchanged, {c['rejects']:,} rejects, {c['refused'] + c['off_site']:,} refused, "
            f"{c['errors']:,} errors, {self.seconds:.1f} s"
        )


@dataclass
class Order:
    """A crawl to be run: of which shop, kept where, told to whom."""

    called: str
    shop: Shop
    settings: Settings
    destination: Destination
    fresh: bool = False

    @property
    def folder(self) -> Path:
        return folder(self.settings, self.called)


def folder(settings: Settings, called: str) -> Path:
    """Name the place where crawls of a shop are remembered."""
    return Path(settings.scraping.state or settings.home / "crawls") / called.replace("/", "_")


def run(order: Order, watch: Watch = lambda crawler: None) -> Summary:
    """Run a crawl, or go on with the one that did not end. Raises AtWork."""
    with _alone(order.folder), _memory(order) as memory:
        crawl_id, resumed = memory.begin()
        begin = time.monotonic()
        process = AsyncCrawlerProcess(scrapy_settings(order, append=resumed))
        crawler = process.create_crawler(ShopSpider)
        ended: dict[str, str] = {}
        crawler.signals.connect(lambda reason: ended.update(reason=reason), signals.spider_closed, weak=False)
        watch(crawler)
        process.crawl(
            crawler, called=order.called, shop=order.shop, memory=memory, crawl_id=crawl_id,
            destination=order.destination, rules=order.settings.ingest,
        )  # fmt: skip
        process.start()
        counts = {name: int(crawler.stats.get_value(f"mart/{name}", 0)) for name in COUNTED}
        reason = ended.get("reason", "failed")
        if memory.begun and reason == "finished":  # something could not be published: it is not over yet
            reason = "failed"
        summary = Summary(order.called, crawl_id, resumed, reason, time.monotonic() - begin, memory.items, counts)
        if reason in OVER:
            memory.end()
        return summary


def scrapy_settings(order: Order, *, append: bool) -> dict[str, Any]:
    """Say in Scrapy's words how to crawl a shop."""
    shop, rules = order.shop, order.settings.scraping
    order.folder.mkdir(parents=True, exist_ok=True)
    public = {} if shop.private else {"TWISTED_DNS_RESOLVER": "scrapers.fence.PublicResolver"}
    rendered = chromium.scrapy_settings(shop.concurrent) if shop.javascript else {}
    handler = "scrapers.browser.Handler" if shop.javascript else "scrapers.door.Handler"
    return _MANNERS | _speed(shop) | _limits(rules) | public | rendered | {
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), handler) | dict.fromkeys(("data", "file", "ftp", "s3")),
        "USER_AGENT": f"{ROBOT}/{mart.__version__} (+{rules.contact})",
        "MART_DOMAINS": domains(shop),
        "MART_PRIVATE": shop.private,
        "LOG_FILE": str(order.folder / "crawl.log"),
        "LOG_FILE_APPEND": append,
    }  # fmt: skip


def domains(shop: Shop) -> list[str]:
    """Name the hosts that belong to a shop: those stated, else those of its starts. A private one is its port alone."""
    if shop.domains:
        return list(shop.domains)
    places = [urlsplit(url) for url in shop.start]
    return [one.netloc if shop.private else (one.hostname or "").removeprefix("www.") for one in places]


def _speed(shop: Shop) -> dict[str, Any]:
    """Never faster than the shop's settings say; slower where the shop is slow."""
    return {
        "DOWNLOAD_DELAY": shop.delay_seconds,
        "CONCURRENT_REQUESTS_PER_DOMAIN": shop.concurrent,
        "CONCURRENT_REQUESTS": shop.concurrent + 8,  # beside those that are made, some may wait for another try
        "AUTOTHROTTLE_ENABLED": shop.delay_seconds > 0,
        "AUTOTHROTTLE_START_DELAY": shop.delay_seconds,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(shop.concurrent),
    }


def _limits(rules: Scraping) -> dict[str, Any]:
    return {
        "DOWNLOAD_MAXSIZE": rules.largest_page,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": TIMEOUT,
        "REDIRECT_MAX_TIMES": rules.redirects,
        "RETRY_TIMES": rules.retries,
    }


_MANNERS: dict[str, Any] = {
    "BOT_NAME": ROBOT,
    "ROBOTSTXT_OBEY": True,
    "ROBOTSTXT_USER_AGENT": ROBOT,
    "COOKIES_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,  # the spider reads what kind of page it is, whatever its status
    "HTTPPROXY_ENABLED": False,  # behind a proxy nobody could tell which address is connected to
    "METAREFRESH_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
    "SCHEDULER": "scrapers.way.Way",
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        "scrapers.manners.Robots": 540,
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        "scrapers.manners.Patience": 550,
        "scrapers.fence.Fence": 990,
    },
    "ITEM_PIPELINES": {
        "scrapers.pipelines.Compare": 100,
        "scrapers.pipelines.Check": 200,
        "scrapers.pipelines.Publish": 300,
    },
    "CONCURRENT_ITEMS": 1,  # a page holds one; Scrapy starts as many workers for each response
    "WARN_ON_GENERATOR_RETURN_VALUE": False,  # it parses the callback's source to find out
    "LOG_LEVEL": "INFO",
    "STATS_DUMP": True,
}


@contextmanager
def _memory(order: Order) -> Iterator[Memory]:
    memory = Memory(order.folder / "memory.sqlite", mart.__version__, order.destination.kind)
    try:
        if order.fresh:
            memory.forget()
        yield memory
    finally:
        memory.close()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one crawl of a shop work at a time; the lock dies with its holder."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        _take(lock, place.name)
        yield


def _take(lock: IO[str], called: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AtWork(f"{called}: another crawl of this shop is at work; wait for it to end") from None
