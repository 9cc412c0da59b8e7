"""One shop on the web: its pages, each with the validators by which a client may ask whether it has changed."""

from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from mart.local.demoshop.clock import Clock
from mart.local.demoshop.market import Offer
from mart.local.demoshop.pages import PAINT, Pages
from mart.local.demoshop.shops import Shop, date_of
from mart.replay.shop import DEPARTMENTS

IN_A_SITEMAP = 10_000
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><rect width="400" height="300" fill="#f6f7f9"/>'
    '<rect x="110" y="50" width="180" height="160" rx="24" fill="{paint}"/><rect x="130" y="225" width="140" height="8" '
    'rx="4" fill="#dfe2e8"/><text x="200" y="270" font-family="sans-serif" font-size="20" fill="#555" '
    'text-anchor="middle">{noun}</text></svg>'
)


class Storefront:
    """Answer what is asked below a shop's path."""

    def __init__(self, shop: Shop, pages: Pages, clock: Clock) -> None:
        self.shop, self.pages, self.clock = shop, pages, clock

    def routes(self) -> BaseRoute:
        return Mount(
            f"/{self.shop.name}",
            routes=[
                Route("/", self._home),
                Route("/c/{department}", self._listing),
                Route(self.shop.product, self._product),
                Route("/api/{sku}", self._fragment),
                Route("/image/{sku}.svg", self._image),
                Route("/private/", self._private),
                Route("/sitemap-{number:int}.xml", self._sitemap),
                Route("/{rest:path}", self._missing),
            ],
        )

    def sitemaps(self) -> list[str]:
        """Give the paths of the shop's sitemaps."""
        count = -(-self.pages.market.count(self.clock.day) // IN_A_SITEMAP)
        return [f"/{self.shop.name}/sitemap-{number}.xml" for number in range(1, count + 1)]

    async def _home(self, request: Request) -> Response:
        return _page(request, self.pages.home(self.shop, self.clock.day), date_of(self.clock.day))

    async def _listing(self, request: Request) -> Response:
        department, page = request.path_params["department"], request.query_params.get("page", "1")
        known = department in (*DEPARTMENTS, "all") and page.isdigit()
        text = self.pages.listing(self.shop, department, int(page), self.clock.day) if known else None
        return await self._missing(request) if text is None else _page(request, text, date_of(self.clock.day))

    async def _product(self, request: Request) -> Response:
        offer = self._offer(request)
        if offer is None:
            return await self._missing(request)
        to_browsers = request.scope.get("javascript", False)
        text = self.pages.shell(offer) if to_browsers else self.pages.product(offer, root(request))
        return _page(request, text, date_of(offer.state.changed))

    async def _fragment(self, request: Request) -> Response:
        offer = self._offer(request)
        return JSONResponse(self.pages.fragment(offer, root(request)) if offer else None, 200 if offer else 404)

    async def _image(self, request: Request) -> Response:
        offer = self._offer(request)
        if offer is None:
            return await self._missing(request)
        picture = PICTURE.format(paint=PAINT[offer.good.colour], noun=escape(offer.category[1]))
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    async def _private(self, request: Request) -> Response:
        return _page(request, self.pages.plain(self.shop, self.shop.says["staff"], "robots.txt"), date_of(0))

    async def _missing(self, request: Request) -> Response:
        return Response(self.pages.plain(self.shop, self.shop.says["missing"], "404"), 404, media_type="text/html")

    async def _sitemap(self, request: Request) -> Response:
        day, first = self.clock.day, (request.path_params["number"] - 1) * IN_A_SITEMAP
        numbers = range(max(0, first), min(first + IN_A_SITEMAP, self.pages.market.count(day)))
        offers = (self.pages.market.offer(self.shop, number, day) for number in numbers)
        return sitemap("urlset", "url", [(root(request) + o.path, date_of(o.state.changed)) for o in offers])

    def _offer(self, request: Request) -> Offer | None:
        """Find what is asked for, if the shop has listed it by now."""
        number, day = self.shop.number_of(request.path_params["sku"]), self.clock.day
        listed = number is not None and number < self.pages.market.count(day)
        return self.pages.market.offer(self.shop, number, day) if number is not None and listed else None


def root(request: Request) -> str:
    """Give the address of the host as the client knows it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def sitemap(whole: str, part: str, entries: list[tuple[str, datetime]]) -> Response:
    """Write a sitemap, or an index of sitemaps."""
    rows = [f"<{part}><loc>{escape(url)}</loc><lastmod>{at:%Y-%m-%d}</lastmod></{part}>\n" for url, at in entries]
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n<{whole} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return Response(f"{opening}{''.join(rows)}</{whole}>\n", media_type="application/xml")


def _page(request: Request, text: str, changed: datetime) -> Response:
    """Send a page, or 304 to a client that has it already."""
    body = text.encode()
    tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
    headers = {"ETag": tag, "Last-Modified": format_datetime(changed, usegmt=True), "Cache-Control": "no-cache"}
    if _has_it(request, tag, changed):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/html")


def _has_it(request: Request, tag: str, changed: datetime) -> bool:
    """Judge by the tag where the client gives one, else by the date (RFC 9110, 13.2.2)."""
    tags, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if tags is not None:
        return tags.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in tags.split(","))
    try:
        return since is not None and parsedate_to_datetime(since) >= changed
    except (ValueError, TypeError):  # no date, or one without a zone: as if it were not there
        return False
