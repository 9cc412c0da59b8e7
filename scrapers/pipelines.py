"""What happens to what was found: it becomes a record, is checked, published, and only then remembered.

In: what the spider found on a page. Out: records of the topic product-details, or rejects with the reason. A record that breaks
its table's checks goes to the rejects; what could not be published at all ends the crawl, to be gone on with later.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.statscollectors import StatsCollector

import mart
from mart import sightings
from mart.schema.rows import Fault
from scrapers.memory import Known
from scrapers.spiders.shop import Found, ShopSpider


@dataclass
class Record:
    """What is published of a page, and what is remembered of it."""

    found: Found
    document: dict[str, Any]

    @property
    def key(self) -> bytes:
        return sightings.key(self.document["shop"], self.document["offer_id"])

    @property
    def value(self) -> bytes:
        return json.dumps(self.document, ensure_ascii=False).encode()


class Compare:
    """Tell what is new. An unchanged page is a sighting: its facts with the new instant, without the reviews."""

    def __init__(self, spider: ShopSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(_spider(crawler))

    def process_item(self, item: Found) -> Record:
        spider, page = self._spider, item.page.document
        outcome = "new" if item.before is None else "unchanged" if same(item.before, item.page) else "changed"
        given = {
            "seen_at": item.seen_at.isoformat(),
            "crawl_id": spider.crawl_id,
            "spider": spider.name,
            "http_status": item.http_status,
            "code_version": mart.__version__,
            "outcome": outcome,
        }
        given |= {"reviews": []} if outcome == "unchanged" else {}
        return Record(item, page | given)


class Check:
    """Send what breaks the table's checks to the rejects, with the page's address and the reason."""

    def __init__(self, spider: ShopSpider, stats: StatsCollector) -> None:
        self._spider, self._stats, self._rules = spider, stats, spider.rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(_spider(crawler), crawler.stats)

    async def process_item(self, item: Record) -> Record:
        try:
            sightings.read(item.value, self._rules, datetime.now(UTC))
        except Fault as fault:
            reject = {"url": item.found.step, "reason": fault.reason, "detail": fault.detail}
            value = json.dumps(
                reject | {"crawl_id": self._spider.crawl_id, "document": item.document}, ensure_ascii=False
            )
            await self._spider.destination.send(item.key, value.encode(), reject=True)
            self._spider.memory.done(item.found.step, item=True)
            self._stats.inc_value("mart/rejects")
            raise DropItem(f"{item.found.step}: {fault.reason}: {fault.detail}", log_level="INFO") from None
        return item


class Publish:
    """Publish a record, wait for the word that it is there, and remember its page."""

    def __init__(self, spider: ShopSpider, stats: StatsCollector) -> None:
        self._spider, self._stats = spider, stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(_spider(crawler), crawler.stats)

    async def open_spider(self) -> None:
        await self._spider.destination.open()

    async def close_spider(self) -> None:
        await self._spider.destination.close()

    async def process_item(self, item: Record) -> Record:
        await self._spider.destination.send(item.key, item.value, reject=False)
        self._spider.memory.remember(item.found.step, item.found.page, item.document["seen_at"])
        self._stats.inc_value(f"mart/{item.document['outcome']}")
        return item


def same(before: Known, page: Known) -> bool:
    """Whether a page says what it said before, whenever that was."""
    return before is page or before.document | {"seen_at": None} == page.document | {"seen_at": None}


def _spider(crawler: Crawler) -> ShopSpider:
    assert isinstance(crawler.spider, ShopSpider)
    return crawler.spider
