"""Bad manners on request: what real shops and the networks before them do to a crawler.

`POST /mischief?shop=alpha&kind=503&first=2` spoils the first two requests of each address below /alpha/; `share=0.3` instead
spoils so many of all requests, always the same ones; without either all are. `prefix=` names other addresses than a shop's.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mart.local.demoshop.chance import chance

Kind = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]

SLOW = 3.0  # seconds
CAPTCHA = (Path(__file__).parent / "templates" / "bot-check.html").read_text(encoding="utf-8")
AWAY = "http://elsewhere.invalid/"
PRIVATE = "http://169.254.169.254/latest/meta-data/"  # where clouds tell machines their secrets
CONDITIONS = (b"if-none-match", b"if-modified-since")


@dataclass(frozen=True)
class Order:
    """Which mischief is wanted, and how often."""

    kind: str
    share: float = 1.0  # of the requests
    first: int | None = None  # requests of each address; None: all of them

    def holds(self, address: str, times: int) -> bool:
        """Tell whether a request is spoilt: `times` counts those of its address."""
        return (self.first is None or times <= self.first) and chance("mischief", address, times) < self.share


@dataclass
class Mischief:
    """An application that spoils what another answers, as ordered for the addresses below a prefix."""

    app: ASGIApp
    _orders: dict[str, Order] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)

    def order(self, prefix: str, order: Order) -> None:
        """Order something for the addresses below a prefix, in the place of what was; addresses are counted anew."""
        self._orders.pop(prefix, None)
        self._asked = Counter({address: n for address, n in self._asked.items() if not address.startswith(prefix)})
        if order.kind != "none":
            self._orders[prefix] = order

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = f"{scope['path']}?{scope['query_string'].decode()}"
        prefix = max((one for one in self._orders if address.startswith(one)), key=len, default=None)
        order = Order("none") if prefix is None else self._orders[prefix]
        self._asked[address] += order.kind != "none"
        spoil = KINDS[order.kind] if order.holds(address, self._asked[address]) else _none
        await spoil(self.app, scope, receive, send)


async def _none(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _slow(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(SLOW)
    await app(scope, receive, send)


async def _hang(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Say nothing for as long as the client has patience."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _reset(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection without a word."""
    scope["state"]["transport"].abort()
    await _hang(app, scope, receive, send)


async def _loop(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await RedirectResponse(scope["path"], 302)(scope, receive, send)


async def _javascript(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have the site send products to browsers only."""
    await app({**scope, "javascript": True}, receive, send)


async def _huge(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"<!DOCTYPE html><html><head><title>Endless</title></head><body>"
        while True:
            yield b"<p>and so on</p>" * 4096
            await asyncio.sleep(0)  # the others' turn

    await StreamingResponse(endless(), media_type="text/html")(scope, receive, send)


def _answers(response: Callable[[], Response]) -> Kind:
    """Answer with something of one's own."""

    async def spoil(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await response()(scope, receive, send)

    return spoil


def _changes(change: Callable[[str], bytes], charset: str = "utf-8") -> Kind:
    """Answer with a changed page; anything but pages passes."""

    async def spoil(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))

        headers = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]  # a whole page, please
        await app({**scope, "headers": headers, "method": "GET"}, receive, collect)
        media = dict(start["headers"])[b"content-type"].decode()
        is_page = media.startswith("text/html")
        changed = change(body.decode()) if is_page else bytes(body)
        media = f"text/html; charset={charset}" if is_page else media
        await Response(changed, start["status"], {"Content-Type": media})(scope, receive, send)

    return spoil


def _broken(page: str) -> bytes:
    """Leave most elements open, and stop in the middle of the last third."""
    for tag in ("div", "p", "td", "tr", "span"):
        page = page.replace(f"</{tag}>", "")
    return page[: len(page) * 5 // 6].encode()


def _says_latin(page: str) -> bytes:
    return page.replace('<meta charset="utf-8">', '<meta charset="iso-8859-1">').encode()


def _is_latin(page: str) -> bytes:
    return page.encode("iso-8859-1", "xmlcharrefreplace")


KINDS: dict[str, Kind] = {
    "none": _none,
    "429": _answers(lambda: PlainTextResponse("Too many requests", 429, {"Retry-After": "1"})),
    "503": _answers(lambda: PlainTextResponse("Service unavailable", 503)),
    "slow": _slow,
    "hang": _hang,
    "bot_check": _answers(lambda: HTMLResponse(CAPTCHA)),
    "bot_check_403": _answers(lambda: HTMLResponse(CAPTCHA, 403)),
    "broken_html": _changes(_broken),
    "wrong_charset": _changes(_says_latin, "iso-8859-1"),  # but is UTF-8
    "wrong_charset_utf8": _changes(_is_latin),  # but is ISO 8859-1
    "javascript": _javascript,
    "redirect_loop": _loop,
    "redirect_away": _answers(lambda: RedirectResponse(AWAY, 302)),
    "private": _answers(lambda: RedirectResponse(PRIVATE, 302)),
    "huge": _huge,
    "reset": _reset,
    "empty": _answers(lambda: HTMLResponse("")),
}
