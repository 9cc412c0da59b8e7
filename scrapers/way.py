"""The way of a crawl: Scrapy's scheduler, kept in the shop's memory, so that a killed crawl finds it again.

In: addresses, from the spider's start and from the memory, and requests that are to be made again (a redirect, another try).
Out: requests, products before listings, no more products than the crawl's limit, and no more at a time than can be kept
waiting for a slow destination: that is the back-pressure.
"""

from collections import deque
from typing import Any, Self

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from scrapers.memory import Known, Memory, Step
from scrapers.spiders.shop import ShopSpider

OUTSTANDING = 32  # steps begun at a time, those included whose record waits for the broker
KINDS = ("tile", "start", "next", "entrance")  # products first


class Way(BaseScheduler):
    """The steps of the crawl's memory, as Scrapy's engine asks for them."""

    def __init__(self, spider: ShopSpider) -> None:
        self._spider = spider
        self._memory: Memory = spider.memory
        self._again: deque[Request] = deque()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert isinstance(crawler.spider, ShopSpider)
        return cls(crawler.spider)

    def has_pending_requests(self) -> bool:
        return bool(self._again) or (self._room() > 0 and self._memory.waits())

    def next_request(self) -> Request | None:
        if self._again:
            return self._again.popleft()
        if self._room() < 1 or len(self._memory.begun) >= OUTSTANDING:
            return None
        step = self._memory.next(*KINDS)
        return None if step is None else self._request(step)

    def enqueue_request(self, request: Request) -> bool:
        """Take a start, another try, or a redirect. A redirect to what is on the way by itself ends its step."""
        step = request.meta.get("step")
        if step is None:
            return self._memory.add([Step(request.url, "start")]) > 0
        trail: list[str] = request.meta.setdefault("trail", [step])
        if request.url not in trail:
            if not self._memory.pass_by(request.url):
                self._memory.done(step)
                return False
            trail.append(request.url)
        self._again.append(request)
        return True

    def _room(self) -> int:
        """Count the products that may still be begun; whatever has been begun may turn out to be one."""
        return self._spider.shop.limit - self._memory.items - len(self._memory.begun)

    def _request(self, step: Step) -> Request:
        known = self._memory.known(step.url)
        meta: dict[str, Any] = {"step": step.url, "kind": step.kind, "known": known}
        if self._spider.shop.javascript:  # what the frame's ETag says is not said of its content
            return self._ask(step, meta | {"playwright": True}, {})
        return self._ask(step, meta, _conditions(known))

    def _ask(self, step: Step, meta: dict[str, Any], headers: dict[str, str]) -> Request:
        return Request(step.url, self._spider.parse, errback=self._spider.failed, meta=meta, headers=headers)


def _conditions(known: Known | None) -> dict[str, str]:
    """Ask for the page only if it has changed."""
    if known is None:
        return {}
    given = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in given.items() if value}
