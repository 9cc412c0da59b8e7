"""The only way out for a browser: a proxy on loopback that resolves each host, judges its address, and connects to that very one.

A browser follows redirects, loads what pages name and resolves names by itself; whatever it is led to, it gets no further than here.
In: HTTP as to a proxy (CONNECT, and requests with whole addresses). Out: the answer, or 403 for an address inside a network.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from scrapers.fence import is_public

HEAD = 65_536  # bytes of a request's head
PATIENCE = 30.0  # seconds for a head, or a connection
_OWN = (b"proxy-connection:", b"connection:", b"proxy-authorization:")


class OutOfBounds(Exception):
    """A host that nobody is let through to."""


class Guard:
    """A proxy that lets through to public addresses, and to the private places that it was told of (`host:port`)."""

    def __init__(self, private: Iterable[str] = ()) -> None:
        self._private = set(private)
        self._server: asyncio.Server | None = None
        self.refused: list[str] = []

    async def open(self) -> str:
        """Begin to listen; return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(
            OSError, asyncio.IncompleteReadError, TimeoutError
        ):  # a browser that goes away, a host that is down
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            try:
                await self._forward(head, reader, writer)
            except OutOfBounds as error:
                self.refused.append(str(error))
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
        writer.close()

    async def _forward(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        place = parts.hostname or "", parts.port or 80
        far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(*await self._judged(*place)), PATIENCE)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(_for_origin(head, method, target))
        try:
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
        finally:
            far_writer.close()

    async def _judged(self, host: str, port: int) -> tuple[str, int]:
        """Resolve a host to an address that may be connected to. Raises OutOfBounds."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
        address = str(found[0][4][0])
        if not is_public(address) and f"{host}:{port}" not in self._private:
            raise OutOfBounds(f"{host}:{port} is at {address}, a private address")
        return address, port


def _for_origin(head: bytes, method: str, target: str) -> bytes:
    """Write a proxy's request as its host expects it; one a connection, so that each is judged."""
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [line for line in head.rstrip(b"\r\n").split(b"\r\n")[1:] if not line.lower().startswith(_OWN)]
    first = f"{method} {path} HTTP/1.1".encode("latin-1")
    return b"\r\n".join([first, *lines, b"Connection: close", b"", b""])


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # the other side has gone: so does this one
        while block := await source.read(HEAD):
            sink.write(block)
            await sink.drain()
    with suppress(OSError):
        sink.write_eof()
