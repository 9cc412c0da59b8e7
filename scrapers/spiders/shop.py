"""The spider of every shop: from its start addresses over listings to products, as far as the crawl's limit.

In: responses. Out: what was found on a product's page, for the pipelines; and the steps that follow, for the memory.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure
from w3lib.encoding import html_body_declared_encoding

from mart.settings import Ingest, Shop
from scrapers.door import Closed, Door, puts_off
from scrapers.fence import Refused, fault
from scrapers.manners import BLOCKED
from scrapers.memory import Known, Memory
from scrapers.pages import kinds
from scrapers.pages.product import ProductPage
from scrapers.pages.reading import open_page
from scrapers.publishing import Destination
from scrapers.spiders import links

PUT_OFF = "put off"  # why a spider closes where a shop wants to be left alone for long
FORBIDDEN = "Forbidden by robots.txt"  # Scrapy's words


@dataclass
class Found:
    """What a product's page says, and what the next crawl needs to ask for it again."""

    step: str  # the address as the memory knows it
    http_status: int
    page: Known
    before: Known | None  # the page as it was last published
    seen_at: datetime


class ShopSpider(Spider):
    """Where to go in a shop."""

    name = "shop"

    def __init__(
        self, called: str, shop: Shop, memory: Memory, crawl_id: str, destination: Destination, rules: Ingest
    ) -> None:
        super().__init__()
        self.called, self.shop, self.crawl_id = called, shop, crawl_id
        self.memory, self.destination, self.rules = memory, destination, rules
        self.door = Door(shop.concurrent, self._runs)
        self._shapes = {links.shape(url) for url in memory.ways("tile")}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 Scrapy's own
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.broke, signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        for url in self.shop.start:
            yield Request(url)

    def parse(self, response: Response) -> Iterator[Found]:
        """Read a page: a product goes on to the pipelines, whatever else it is becomes steps."""
        before: Known | None = response.meta["known"]
        digest = hashlib.sha256(response.body).hexdigest()
        self._count("pages", response.status in (200, 304))
        if before and (response.status == 304 or digest == before.digest):
            yield self._found(response, before)
            return
        page = open_page(_as_utf8(response), response.url)
        reason = kinds.refusal(page)
        if reason and reason.startswith(BLOCKED):
            self._count("blocked", not self.door.closed)
            self._leave(BLOCKED)
        if puts_off(response):
            self._leave(PUT_OFF)
        if response.status != 200:
            self._end(response, "errors", f"HTTP status {response.status}")
        elif reason:
            self._follow(response, page, reason)
        else:
            yield self._found(response, Known(*_validators(response), digest, page.item().document()))

    def _leave(self, why: str) -> NoReturn:
        self.door.closed = True
        raise CloseSpider(why)

    def failed(self, failure: Failure) -> None:
        """End a step whose page did not come, unless nobody asked for it any more."""
        if isinstance(failure.value, Closed):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        refused = isinstance(failure.value, Refused) or str(failure.value) == FORBIDDEN
        self._end(request, "refused" if refused else "errors", repr(failure.value))

    def _runs(self) -> bool:
        return bool(self.crawler.engine.running)

    def broke(self, failure: Failure, response: Response) -> None:
        """End a step whose page we could not read; Scrapy has written down why."""
        self._end(response, "errors", str(failure.value))

    def _found(self, response: Response, page: Known) -> Found:
        return Found(response.meta["step"], response.status, page, response.meta["known"], datetime.now(UTC))

    def _follow(self, response: Response, page: ProductPage, reason: str) -> None:
        kind = response.meta["kind"]
        steps = links.of_listing(page, () if kind == "tile" and not reason.startswith("a listing") else self._shapes)
        if kind == "start":
            steps += links.of_entrance(page)
        if not steps:
            self._end(response, "no_product", reason)
            return
        near = [one for one in steps if fault(one.url, self._domains, private=self.shop.private) is None]
        self._count("off_site", len(steps) - len(near))
        self._shapes |= {links.shape(one.url) for one in near if one.kind == "tile"}
        self._count("listings")
        self.memory.done(response.meta["step"], near)

    def _end(self, asked: Request | Response, what: str, why: str) -> None:
        """End a step that led to nothing."""
        self._count(what)
        self.logger.info("%s: %s", asked.url, why)
        self.memory.done(asked.meta["step"])

    @property
    def _domains(self) -> list[str]:
        return self.settings.getlist("MART_DOMAINS")

    def _count(self, what: str, number: int = 1) -> None:
        self.crawler.stats.inc_value(f"mart/{what}", number)


def _validators(response: Response) -> tuple[str | None, str | None]:
    """Read the headers that make a later request conditional."""
    etag, modified = ((response.headers.get(name) or b"").decode("latin-1") for name in ("ETag", "Last-Modified"))
    return etag or None, modified or None


def _as_utf8(response: Response) -> bytes:
    """Give the body in UTF-8: what is UTF-8 byte for byte is it, whatever headers or page say.

    Else they are believed, unless they say UTF-8, which it is not: then it is what browsers take such pages for.
    """
    try:
        response.body.decode("utf-8")
    except UnicodeDecodeError:
        stated = response.encoding if isinstance(response, TextResponse) else None
        named = (stated, html_body_declared_encoding(response.body))
        encoding = next((one for one in named if one and one != "utf-8"), "cp1252")
        return response.body.decode(encoding, "replace").encode()
    return response.body
