"""A shop of a test's own: pages as it writes them, on a port of its own, and when each was asked for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
ROBOTS = "/robots.txt"


class Wild:
    """Answers by path; of several for one path each is given once, the last one for good."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, float, dict[str, str]]] = []

    def page(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Content-Type", "text/html")
        body = body.encode() if isinstance(body, str) else body
        self.answers.setdefault(path, []).append((status, given, body))

    def shop(self, *paths: str, more: str = "") -> None:
        """A listing at / of products at these paths."""
        tiles = "".join(f'<li class="tile"><a href="{p}">Lamp {p}</a> <b>$ 12.50</b></li>' for p in paths)
        self.page("/", f"<html lang=en-US><title>Lamps</title><h1>Lamps</h1><ul>{tiles}</ul>{more}</html>")
        for path in paths:
            if path.startswith("/") and path not in self.answers:
                self.page(path, product(path))

    def times(self, path: str) -> list[float]:
        return [at for asked, at, _ in self.asked if asked == path]

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked if path != ROBOTS]


def product(name: str, price: str = '"price": "12.50", "priceCurrency": "USD"', lang: str = "en-US") -> str:
    data = f'{{"@type": "Product", "name": "Lamp {name}", "sku": "{name}", "offers": {{"@type": "Offer", {price}}}}}'
    return f'<html lang={lang}><title>Lamp</title><script type="application/ld+json">{data}</script><h1>Lamp {name}</h1></html>'


@contextmanager
def served() -> Iterator[Wild]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wild.asked.append((self.path, time.monotonic(), dict(self.headers)))
            answers = wild.answers.get(self.path, [(404, {}, b"Not found")])
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None: ...  # noqa: ANN401

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wild = Wild(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield wild
    finally:
        server.shutdown()
        server.server_close()
