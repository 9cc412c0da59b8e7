"""The host of the demo shops: what lies at its root, the shops below it, and the handles by which tests and people steer it.

`/clock`, `/truth.json`, `/mischief` and `/log.json` are the handles: they are never spoilt and never logged.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mart.local.demoshop.clock import Clock
from mart.local.demoshop.market import Market
from mart.local.demoshop.mischief import KINDS, Mischief, Order
from mart.local.demoshop.pages import Pages
from mart.local.demoshop.shops import SHOPS, date_of
from mart.local.demoshop.storefront import Storefront, root, sitemap

REMEMBERED = 500_000  # requests
ROBOTS = "User-agent: *\nDisallow: /alpha/private/\n\nSitemap: {root}/sitemap.xml\n"


@dataclass
class Log:
    """An application that remembers what another was asked: path, status (0: none), time, user agent."""

    app: ASGIApp
    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        entry = {
            "path": scope["path"] + (f"?{query}" if query else ""),
            "status": 0,
            "time": time.time(),
            "agent": agent,
        }
        self.entries.append(entry)

        async def noted(message: Message) -> None:
            entry["status"] = message.get("status", entry["status"])
            await send(message)

        await self.app(scope, receive, noted)


class Site:
    """Everything that answers on one port."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self.market, self.clock = market, clock
        self.pages = Pages(market)
        self.fronts = [Storefront(shop, self.pages, clock) for shop in SHOPS.values()]
        public = [Route("/", self._entrance), Route("/robots.txt", self._robots), Route("/sitemap.xml", self._sitemap)]
        self.mischief = Mischief(Starlette(routes=[*public, *(front.routes() for front in self.fronts)]))
        self.log = Log(self.mischief)
        self.handles = Starlette(
            routes=[
                Route("/clock", self._clock, methods=["GET", "POST"]),
                Route("/truth.json", self._truth),
                Route("/mischief", self._mischief, methods=["POST"]),
                Route("/log.json", self._log, methods=["GET", "DELETE"]),
            ]
        )
        self._handled = {"/clock", "/truth.json", "/mischief", "/log.json"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handled = scope["type"] != "http" or scope["path"] in self._handled
        await (self.handles if handled else self.log)(scope, receive, send)

    async def _entrance(self, request: Request) -> Response:
        return HTMLResponse(self.pages.entrance())

    async def _robots(self, request: Request) -> Response:
        return PlainTextResponse(ROBOTS.format(root=root(request)))

    async def _sitemap(self, request: Request) -> Response:
        today = date_of(self.clock.day)
        paths = [path for front in self.fronts for path in front.sitemaps()]
        return sitemap("sitemapindex", "sitemap", [(root(request) + path, today) for path in paths])

    async def _clock(self, request: Request) -> Response:
        """Tell the day, or put the clock on to `day`."""
        if request.method == "POST":
            day = request.query_params.get("day", "")
            if not day.isdigit():
                return _refused("say which day: POST /clock?day=1")
            self.clock.day = int(day)
        return JSONResponse({"day": self.clock.day})

    async def _truth(self, request: Request) -> Response:
        """Tell what is true on `day`, today if none is given."""
        day = request.query_params.get("day", str(self.clock.day))
        return JSONResponse(self.market.truth(int(day))) if day.isdigit() else _refused("a day is a number: ?day=1")

    async def _mischief(self, request: Request) -> Response:
        """Order mischief, see mischief.py; `kind=none` ends it."""
        asked = request.query_params
        shop, kind = asked.get("shop"), asked.get("kind", "")
        prefix = asked.get("prefix") or (f"/{shop}/" if shop else "/")
        if kind not in KINDS or (shop and shop not in SHOPS):
            return _refused(f"kinds are {', '.join(KINDS)}; shops are {', '.join(SHOPS)}")
        try:
            order = Order(kind, float(asked.get("share", 1)), int(asked["first"]) if "first" in asked else None)
        except ValueError:
            return _refused("share is a number from 0 to 1, first a number of requests")
        self.mischief.order(prefix, order)
        return JSONResponse({"prefix": prefix, "kind": kind})

    async def _log(self, request: Request) -> Response:
        entries = list(self.log.entries)
        if request.method == "DELETE":
            self.log.entries.clear()
        return JSONResponse(entries)


def _refused(what_to_do: str) -> Response:
    return PlainTextResponse(f"{what_to_do}\n", 400)
