"""How a crawl behaves: it waits when a shop asks it to, tries again later and later, and reads a robots.txt as it is meant.

Two of Scrapy's downloader middlewares. A request that is made again waits before it queues for its shop's slot and keeps no
other one from being fetched; where the shop asked to be left alone, all wait at the door.
"""

import time
from typing import Self

from protego import Protego
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse

from scrapers.door import BUSY, LONGEST, Door, backoff, puts_off
from scrapers.pages import kinds
from scrapers.pages.reading import open_page

BLOCKED = "blocked"  # how a refusal begins where a shop asks for a human
ROBOT = "product-mart"  # our name in a robots.txt


class Patience(RetryMiddleware):
    """Scrapy's retries, with the waiting that they lack."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self._door: Door = crawler.spider.door  # type: ignore[union-attr]
        crawler.signals.connect(self._robots, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait until the request's time has come."""
        its_time = request.meta.pop("not_before", 0.0)
        await self._door.wait(lambda: its_time)

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        if response.status in self.retry_http_codes and is_bot_check(response):
            return response  # asking again would be the worst answer
        if puts_off(response):
            return response
        again = super().process_response(request, response)
        if isinstance(again, Request) and response.status not in BUSY:  # for those all wait at the door
            again.meta["not_before"] = time.monotonic() + backoff(request)
        return again

    def process_exception(
        self, request: Request, exception: Exception, spider: Spider | None = None
    ) -> Request | Response | None:
        again = super().process_exception(request, exception)
        if isinstance(again, Request):
            again.meta["not_before"] = time.monotonic() + backoff(request)
        return again

    def _robots(self, robotparser: object) -> None:
        rules = getattr(robotparser, "rp", None)
        if isinstance(rules, Protego):
            self._door.pace = max(self._door.pace, min(rules.crawl_delay(ROBOT) or 0.0, LONGEST))


class Robots:
    """Read what came instead of a robots.txt as RFC 9309 has it: none means all is allowed, no answer means nothing is."""

    def process_response(self, request: Request, response: Response) -> Response:
        if not _asks_for_robots(request) or response.status == 200:
            return response
        return _rules(
            request, b"" if 400 <= response.status < 500 and response.status != 429 else b"User-agent: *\nDisallow: /"
        )

    def process_exception(self, request: Request, exception: Exception) -> Response | None:
        if not _asks_for_robots(request) or isinstance(exception, IgnoreRequest):
            return None
        return _rules(request, b"User-agent: *\nDisallow: /")


def _asks_for_robots(request: Request) -> bool:
    return bool(request.meta.get("dont_obey_robotstxt"))


def _rules(request: Request, text: bytes) -> Response:
    return TextResponse(request.url, body=text, request=request, encoding="utf-8")


def is_bot_check(response: Response) -> bool:
    """Tell whether an answer asks us to prove that we are no robot."""
    return (kinds.refusal(open_page(response.body, response.url)) or "").startswith(BLOCKED)
