"""Chromium, for shops whose pages are empty without JavaScript: scrapy-playwright on the system's browser, behind our door and guard.

In: requests. Out: responses that hold what the page looks like when it has come to rest. The browser goes out through the guard
alone, wherever a page leads it; it asks other sites for what a page needs, and takes none of them for a page of the shop.
"""

from playwright.async_api import Request as Asked
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler  # type: ignore[import-untyped]
from scrapy_playwright.page import PageMethod  # type: ignore[import-untyped]

from scrapers import fence
from scrapers.door import Door, behind
from scrapers.guard import Guard

NEEDLESS = ("image", "media", "font")  # nobody looks at them
SETTLED = PageMethod("wait_for_load_state", "networkidle")


class Handler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it has no types
    """scrapy-playwright's download handler, behind the door; its browser goes out through the guard."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._door: Door = crawler.spider.door  # type: ignore[union-attr]
        self._domains, self._private = (
            crawler.settings.getlist("MART_DOMAINS"),
            crawler.settings.getbool("MART_PRIVATE"),
        )
        self._guard = Guard(self._domains if self._private else ())
        self.abort_request = self._needless

    async def download_request(self, request: Request) -> Response:
        if "proxy" not in self.config.launch_options:
            self.config.launch_options["proxy"] = {"server": await self._guard.open(), "bypass": "<-loopback>"}
        if request.meta.get("playwright"):
            request.meta["playwright_page_methods"] = [SETTLED]
        return await behind(self._door, request, super().download_request)

    async def close(self) -> None:
        await super().close()
        self._guard.close()

    def _needless(self, asked: Asked) -> bool:
        """Tell what the browser shall not load: pictures, and a page that is not the shop's."""
        if asked.is_navigation_request() and asked.frame.parent_frame is None:
            return fence.fault(asked.url, self._domains, private=self._private) is not None
        return asked.resource_type in NEEDLESS
