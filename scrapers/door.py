"""The door that every request of a crawl passes last, when its shop's slot is free and nothing is left to wait for but the shop.

Middlewares see a request before it queues for its slot; what the shop says in the meantime (leave me alone for a minute, prove that
you are human) has to hold for those that queue already.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

LOOK = 0.5  # seconds between two looks whether the crawl still runs
FIRST = 1.0  # seconds before the second try
LONGEST = 300.0  # seconds that a crawl waits for a shop; one that wants more is crawled another time
BUSY = (429, 503)  # what speaks for the whole shop, not for the page alone


class Closed(IgnoreRequest):
    """The shop wants no more requests."""


class Door:
    """When the next request may leave."""

    def __init__(self, abreast: int, runs: Callable[[], bool]) -> None:
        self.abreast = asyncio.Semaphore(abreast)  # Scrapy's slots let a whole queue through where no delay is set
        self._runs = runs  # whether the crawl does: nobody waits for one that is being stopped
        self.closed = False
        self.pace = 0.0  # seconds between two requests, where robots.txt names them
        self._rest_until = self._turn = 0.0  # time.monotonic()

    def rest(self, seconds: float) -> None:
        """Let nobody through for so long."""
        self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    async def through(self) -> None:
        """Wait for one's turn. Raises Closed."""
        if self.pace:
            self._turn = max(self._turn + self.pace, time.monotonic())
            await self.wait(lambda turn=self._turn: turn)  # type: ignore[misc]
        await self.wait(lambda: self._rest_until)

    async def wait(self, until: Callable[[], float]) -> None:
        """Wait until an instant, which may move. Raises Closed as soon as nobody is let through any more."""
        while not self.closed and self._runs():
            if (left := until() - time.monotonic()) <= 0:
                return
            await asyncio.sleep(min(left, LOOK))
        raise Closed


class Handler(HTTP11DownloadHandler):
    """Scrapy's own download handler, behind the door."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._door: Door = crawler.spider.door  # type: ignore[union-attr]

    async def download_request(self, request: Request) -> Response:
        return await behind(self._door, request, super().download_request)


async def behind(door: Door, request: Request, download: Callable[[Request], Awaitable[Response]]) -> Response:
    """Let a request through the door, and let all rest where its answer asks for it."""
    async with door.abreast:
        await door.through()
        response = await download(request)
        if response.status in BUSY:
            asked = retry_after(response)
            door.rest(backoff(request) if asked is None else min(asked, LONGEST))
    return response


def backoff(request: Request) -> float:
    """Give the seconds to wait before a request is made again: twice as many as the last time, give or take a quarter."""
    tries: int = request.meta.get("retry_times", 0)
    return min(FIRST * 2.0**tries * random.uniform(0.75, 1.25), LONGEST)


def puts_off(response: Response) -> bool:
    """Whether a shop wants to be left alone for longer than a crawl waits."""
    return response.status in BUSY and (retry_after(response) or 0) > LONGEST


def retry_after(response: Response) -> float | None:
    """Read how many seconds a shop wants to be left alone: a number, or a date."""
    said = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, float((until - datetime.now(UTC)).total_seconds()))
