"""Who calls, and what for: a dependency of each route, `Depends(needs("read"))`.

In: a request's key, in the header `X-Api-Key` or `Authorization: Bearer`, or for the collector in the query. Out: the Caller, or a
Refusal: 401 without a valid key, 403 for another scope or page, 429 above the key's rate. No key ever stands in a sentence.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBearer

from mart.api.limits import Limits
from mart.api.refusal import Refusal
from mart.settings import Api, ApiKey

LOCAL = "local"  # the caller's name where there are no keys

# Only OpenAPI looks at these: `admit` reads the request itself.
_Header = Annotated[
    str | None,
    Security(APIKeyHeader(name="X-Api-Key", auto_error=False, description="A key of the settings, [api.keys.NAME].")),
]
_Bearer = Annotated[object, Security(HTTPBearer(auto_error=False, description="The same key as a bearer token."))]
_Query = Annotated[
    str | None,
    Security(APIKeyQuery(name="key", auto_error=False, description="A collector's public key, bound to origins.")),
]


@dataclass(frozen=True)
class Caller:
    """Who called."""

    name: str
    page: bool  # a page in somebody's browser, not a server


class Keys:
    """The keys of the settings, and their rates."""

    def __init__(self, api: Api) -> None:
        self._api, self._limits = api, Limits()

    def admit(self, request: Request, scope: str) -> Caller:
        """Admit a request. Raises Refusal."""
        caller, per_second = self._loopback(request) if not self._api.keys else self._keyed(request, scope)
        if wait := self._limits.take(caller.name, per_second or self._api.per_second):
            raise Refusal(429, "rate", "too many requests of this key: come again after Retry-After", wait)
        return caller

    def origins(self) -> list[str]:
        """List the pages that may send."""
        return sorted({origin for key in self._api.keys.values() for origin in key.origins})

    def _loopback(self, request: Request) -> tuple[Caller, float]:
        """Admit whoever is on this machine. A page elsewhere that asks by a name of its own, or sends from there, is not."""
        origin, host = request.headers.get("origin"), request.url.hostname
        near = request.client is not None and is_loopback(request.client.host) and is_loopback(host or "")
        if not near or (origin and not is_loopback(urlsplit(origin).hostname or "")):
            raise Refusal(
                403, "no_keys", "without keys only this machine is served: add [api.keys.NAME] to the settings"
            )
        return Caller(LOCAL, bool(origin)), 0

    def _keyed(self, request: Request, scope: str) -> tuple[Caller, float]:
        public = request.query_params.get("key")
        name, key = self._find(public if public is not None else _secret(request))
        if scope not in key.scopes:
            raise Refusal(403, "scope", f"this key may not do this: it needs the scope {scope}")
        origin = request.headers.get("origin")
        if public is not None and not (tuple(key.scopes) == ("collect",) and key.origins):
            raise Refusal(403, "not_public", "this key is not meant for an address: send it in the header X-Api-Key")
        if key.origins and origin not in key.origins and (origin or public is not None):
            raise Refusal(
                403, "origin", "this key is bound to other pages: add the page's origin to the key in the settings"
            )
        return Caller(name, bool(origin) or public is not None), key.per_second

    def _find(self, given: str | None) -> tuple[str, ApiKey]:
        """Find the key, in the same time whichever it is. Raises Refusal."""
        if not given:
            raise Refusal(401, "no_key", "a key is needed: send it in the header X-Api-Key")
        said = given.encode()
        same = [
            (n, k) for n, k in self._api.keys.items() if hmac.compare_digest(k.key.get_secret_value().encode(), said)
        ]
        if not same:
            raise Refusal(401, "unknown_key", "there is no such key: see [api.keys.NAME] in the settings")
        return same[0]


def needs(scope: str) -> Callable[..., Awaitable[Caller]]:
    """Make a dependency that admits callers of a scope: read, collect or admin. It also tells OpenAPI where a key may stand."""

    async def admit(request: Request, _header: _Header, _bearer: _Bearer) -> Caller:
        keys: Keys = request.app.state.keys
        return keys.admit(request, scope)

    async def admit_page(request: Request, header: _Header, bearer: _Bearer, _query: _Query) -> Caller:
        return await admit(request, header, bearer)

    return admit_page if scope == "collect" else admit


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _secret(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return request.headers.get("x-api-key") or (token.strip() if kind.lower() == "bearer" else None)
