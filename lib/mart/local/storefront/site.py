"""The storefront's addresses: pages for people, and the two pieces of a page that its script asks for again.

Who somebody is, whether they agreed to be followed, the visit and the cart are cookies. What they do goes from the page to the
service by tracker.js, never through here.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mart.local.storefront.cart import Cart
from mart.local.storefront.client import Api, Unanswered, Unknown, Visitor
from mart.local.storefront.pages import page

Form = dict[str, str]

FOR_YOU, SHELF, SIMILAR = 6, 20, 5  # products
DAY = 86_400  # seconds


class Site:
    """Every page, over one service; `tracker_key` is the public key of its collector, `title` the shop's name."""

    def __init__(self, api: Api, tracker_key: str, title: str) -> None:
        self._api, self._tracker_key, self._title = api, tracker_key, title

    def app(self) -> Starlette:
        routes = [
            Route("/", self._home),
            Route("/p/{product:path}", self._product),
            Route("/for-you", self._for_you),
            Route("/why/{product:path}", self._why),
            Route("/cart", self._cart),
            Route("/cart", _posted(self._change), methods=["POST"]),
            Route("/buy", _posted(self._buy), methods=["POST"]),
            Route("/as", _posted(self._log_in), methods=["POST"]),
            Route("/consent", _posted(self._consent), methods=["POST"]),
            Route("/health", lambda request: JSONResponse({"status": "ok"})),
            Mount("/static", StaticFiles(packages=[("mart.local.storefront", "static")])),
        ]
        return Starlette(routes=routes, exception_handlers={Unanswered: self._closed, Unknown: self._missing})

    def _home(self, request: Request) -> Response:
        category = request.query_params.get("category") or None
        shelf = self._api.shown(Visitor(), SHELF, category)
        return self._page(request, "home", category=category, shelf=shelf, bought=request.query_params.get("bought"))

    def _product(self, request: Request) -> Response:
        product = self._api.product(request.path_params["product"])
        similar = self._api.similar(product["product_id"], SIMILAR)
        return self._page(request, "product", product=product, similar=similar)

    def _for_you(self, request: Request) -> Response:
        """Write the list anew: the page's script asks for it after whatever the shopper did."""
        return HTMLResponse(page("for_you", **self._list(request)), headers={"Cache-Control": "no-store"})

    def _why(self, request: Request) -> Response:
        found = self._api.because(_visitor(request), request.path_params["product"])
        return HTMLResponse(page("why", found=found), headers={"Cache-Control": "no-store"})

    def _cart(self, request: Request) -> Response:
        return self._page(request, "cart", products=self._in_cart(request))

    def _change(self, request: Request, asked: Form) -> Response:
        """Put a product into the cart, or take it out."""
        cart, product = _cart(request), asked.get("product", "")
        if asked.get("out"):
            return _remember(_to("/cart"), "cart", cart.without(product).cookie())
        known = self._api.product(product)["product_id"]
        return _remember(_to(f"/p/{quote(known)}"), "cart", cart.with_(known).cookie())

    def _buy(self, request: Request, _: Form) -> Response:
        return _remember(_to(f"/?bought={len(_cart(request).products)}"), "cart", "")

    def _log_in(self, _: Request, asked: Form) -> Response:
        return _remember(_to("/"), "user", quote(asked.get("user", "").strip()[:256]))

    def _consent(self, request: Request, asked: Form) -> Response:
        page_before = urlsplit(request.headers.get("referer", "/")).path  # of this shop, whatever the header says
        return _remember(_to(page_before or "/"), "consent", "granted" if asked.get("yes") else "refused")

    def _in_cart(self, request: Request) -> list[dict[str, Any]]:
        return [self._api.product(one) for one in _cart(request).products]

    def _list(self, request: Request) -> dict[str, Any]:
        visitor = _visitor(request)
        made = self._api.shown(visitor, FOR_YOU)
        currency = self._api.product(made["items"][0]["product_id"])["currency"] if made["items"] else None
        return {"for_you": made, "visitor": visitor, "currency": currency}

    def _page(self, request: Request, name: str, **about: Any) -> Response:  # noqa: ANN401
        return HTMLResponse(page(name, **self._frame(request), **self._list(request), **about))

    def _frame(self, request: Request) -> dict[str, Any]:
        return {
            "title": self._title,
            "tracker": f"{self._api.url}/tracker.js",
            "tracker_key": self._tracker_key,
            "departments": self._api.departments(),
            "in_cart": len(_cart(request).products),
            "consent": request.cookies.get("consent"),
        }

    async def _closed(self, _: Request, error: Exception) -> Response:
        return HTMLResponse(page("closed", title=self._title, says=str(error)), 503, {"Retry-After": "3"})

    async def _missing(self, _: Request, error: Exception) -> Response:
        return HTMLResponse(page("missing", title=self._title, says=str(error)), 404)


def _posted(handle: Callable[[Request, Form], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Make a handler of a form's fields, in a thread like every other here."""

    async def handler(request: Request) -> Response:
        asked = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return await run_in_threadpool(handle, request, asked)

    return handler


def _visitor(request: Request) -> Visitor:
    agreed = request.cookies.get("consent") == "granted"
    session = request.cookies.get("session") if agreed else None
    return Visitor(unquote(request.cookies.get("user", "")) or None, session or None)


def _cart(request: Request) -> Cart:
    return Cart.read(request.cookies.get("cart", ""))


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def _remember(answer: Response, name: str, value: str) -> Response:
    """Set a cookie, or forget it where there is nothing to remember."""
    answer.set_cookie(name, value, max_age=DAY if value else 0, httponly=True, samesite="lax")
    return answer
