"""A shopper's cart: it lives in a cookie of the browser, for the storefront keeps nothing of anybody."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

MOST = 30  # products: a cookie holds 4 kB


@dataclass(frozen=True)
class Cart:
    """Products in the order in which they were put in, each once."""

    products: tuple[str, ...] = ()

    @classmethod
    def read(cls, cookie: str) -> "Cart":
        return cls(_once(unquote(one) for one in cookie.split(".") if one)[:MOST])

    def cookie(self) -> str:
        return ".".join(quote(one, safe="").replace(".", "%2E") for one in self.products)

    def with_(self, product: str) -> "Cart":
        return Cart(_once([*self.products, product])[-MOST:])

    def without(self, product: str) -> "Cart":
        return Cart(tuple(one for one in self.products if one != product))


def _once(products: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(products))
