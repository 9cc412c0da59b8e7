"""A receiver of alerts on this machine: a webhook as Slack has them, over real HTTP."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from pydantic import SecretStr

from mart.settings import Alerts, Slack

SECRET = "T0PSECRETPATH"
Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"ok")


class Workspace:
    """Plays Slack: gives its answers in turn, the last one for ever, and remembers what was posted."""

    def __init__(self, *answers: Answer) -> None:
        self.posted: list[dict[str, Any]] = []
        turns = itertools.chain(answers, itertools.repeat(answers[-1]))

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805 (http.server's name; self is the workspace)
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.posted.append({"path": handler.path} | json.loads(body))
                handler.answer(next(turns))

            def do_GET(handler) -> None:  # noqa: N805
                handler.answer(OK)

            def answer(self, said: Answer) -> None:
                status, headers, body = said
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def alerts(self, **changed: object) -> Alerts:
        address = f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}"
        return Alerts(slack=Slack(webhook=SecretStr(address)), **changed)  # type: ignore[arg-type]


@contextmanager
def slack(*answers: Answer) -> Iterator[Workspace]:
    workspace = Workspace(*answers)
    thread = Thread(target=workspace.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield workspace
    finally:
        workspace.server.shutdown()
        thread.join()
        workspace.server.server_close()
