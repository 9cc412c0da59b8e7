"""Where a crawl may go: http and https only, the shop's own hosts, and no address inside a network.

In: Scrapy's requests, those after a redirect as well. Out: the same, or IgnoreRequest. A host's address is judged by the
resolver that connections are made with, so what is judged is what is connected to, whatever the name says a moment later.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError


class Refused(IgnoreRequest):
    """An address that is out of bounds."""


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the open internet.

    >>> is_public("93.184.216.34"), is_public("127.0.0.1"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False, False)
    """
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    return found.is_global and not found.is_multicast


def fault(url: str, domains: Iterable[str], *, private: bool) -> str | None:
    """Say why an address may not be fetched; None where it may, as far as one can tell without asking for the host.

    A domain holds the hosts below it as well; one that is written with a port is that port alone.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}: is not crawled"
    if not any(parts.netloc == one or host == one or host.endswith(f".{one}") for one in domains):
        return f"{parts.netloc} is off the shop's site"
    if not private and _is_private(host):
        return f"{host} is a private address"
    return None


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name: the resolver judges its address
        return False


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, for shops on the open internet: a private address is not resolved."""

    refused: ClassVar[
        dict[str, str]
    ] = {}  # names with their private address: Twisted tells nobody why a name was not found

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802 as Twisted has it
        return super().getHostByName(name, timeout).addCallback(self._judged, name)

    def _judged(self, address: str, name: str) -> str:
        if not is_public(address):
            self.refused[name] = address
            raise DNSLookupError(f"{name} is at {address}, a private address")
        return address


class Fence:
    """Scrapy's downloader middleware: refuse what is out of bounds, at first and after each redirect."""

    def __init__(self, domains: list[str], *, private: bool) -> None:
        self.domains, self.private = domains, private

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getlist("MART_DOMAINS"), private=crawler.settings.getbool("MART_PRIVATE"))

    def process_request(self, request: Request) -> None:
        if reason := fault(request.url, self.domains, private=self.private):
            raise Refused(reason)

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse what a browser was led to by itself."""
        if reason := fault(response.url, self.domains, private=self.private):
            raise Refused(reason)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = urlsplit(request.url).hostname or ""
        if address := PublicResolver.refused.get(host):
            raise Refused(f"{host} is at {address}, a private address")
