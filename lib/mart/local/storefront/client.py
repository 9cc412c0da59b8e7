"""What the storefront asks of the HTTP service, and nothing else does it ask of anybody."""

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

from mart.local.http import DIRECT

NOBODY = "-"  # asks under a session alone
SECONDS = 5.0


class Unanswered(RuntimeError):
    """The service does not answer, or not yet; the message is its own sentence."""


class Unknown(LookupError):
    """The service knows no such product."""


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page: an account or nobody, and a visit where the tracker may remember one."""

    user: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Api:
    """The service at an address."""

    url: str
    key: str | None = None

    def shown(self, visitor: Visitor, n: int, category: str | None = None) -> dict[str, Any]:
        """List what a visitor should see. Raises Unanswered."""
        wish: dict[str, Any] = {"n": n, **({"category": [category]} if category else {})}
        if visitor.session:
            wish["session_id"] = visitor.session
        if visitor.user:
            return self._ask(f"/users/{quote(visitor.user, safe='')}/recommendations", wish)
        return self._ask("/recommendations", body=wish)

    def product(self, product_id: str) -> dict[str, Any]:
        """Describe a product. Raises Unanswered, Unknown."""
        return self._ask(f"/products/{quote(product_id, safe='')}")

    def similar(self, product_id: str, n: int) -> dict[str, Any]:
        """List products like one. Raises Unanswered, Unknown."""
        return self._ask(f"/products/{quote(product_id, safe='')}/similar", {"n": n})

    def because(self, visitor: Visitor, product_id: str) -> dict[str, Any]:
        """Say why a product is shown. Raises Unanswered, Unknown."""
        user = quote(visitor.user or NOBODY, safe="")
        session = {"session_id": visitor.session} if visitor.session else {}
        return self._ask(f"/users/{user}/because/{quote(product_id, safe='')}", session)

    def departments(self) -> list[str]:
        """List the categories that lie within no other. Raises Unanswered."""
        found: Iterable[dict[str, Any]] = self._ask("/categories")  # type: ignore[assignment]
        return [one["category"] for one in found if "." not in one["category"]]

    def _ask(
        self, path: str, query: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        asked = f"{self.url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        headers = {"Content-Type": "application/json", **({"X-Api-Key": self.key} if self.key else {})}
        request = urllib.request.Request(asked, json.dumps(body).encode() if body is not None else None, headers)
        try:
            with DIRECT.open(request, timeout=SECONDS) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            sentence = json.loads(error.read())["error"]
            raise (Unknown if error.code == 404 else Unanswered)(sentence) from None
        except OSError as error:
            raise Unanswered(f"the service at {self.url} does not answer ({error}): run `mart up`") from None
