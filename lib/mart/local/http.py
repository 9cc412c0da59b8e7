"""Ask a local HTTP service whether it is there."""

import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy


def get(url: str, timeout: float = 5) -> bytes:
    """Fetch a page of a local service. Raises OSError where it doesn't answer with success."""
    with DIRECT.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
        return body
