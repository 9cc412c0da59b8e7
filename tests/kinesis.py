"""What doubles of AWS share: requests of its JSON protocol over HTTP, on a port of their own; of other protocols without an action."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answer = Callable[[str, bytes, dict[str, str]], tuple[int, bytes]]  # of an action, a body and headers: status and body


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Serve what `answer` says; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked, action = self.rfile.read(int(self.headers["Content-Length"])), self.headers.get("X-Amz-Target", "")
            status, body = answer(action.partition(".")[2], asked, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def json_of(document: object) -> tuple[int, bytes]:
    """Answer well, with a document."""
    return 200, json.dumps(document).encode()
