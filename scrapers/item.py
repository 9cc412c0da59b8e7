"""What is known of a product on a shop's page: the item that pages return and spiders publish."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url


@dataclass
class Review:
    """What one shopper wrote; the author only as a hash."""

    review_id: str
    rating: float | None = None
    title: str | None = None
    body: str | None = None
    author_hash: str | None = None
    reviewed_at: str | None = None


@dataclass
class Item:
    """A product as one page states it. What the page does not state is None."""

    shop: str
    url: str
    title: str | None = None
    sku: str | None = None
    brand: str | None = None
    gtin: str | None = None
    mpn: str | None = None
    category: str | None = None  # the path, its steps joined by " > "
    price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    in_stock: bool | None = None
    rating: float | None = None  # out of 5
    rating_count: int | None = None
    review_count: int | None = None
    image: str | None = None
    seen_at: datetime | None = None
    layer: str | None = None  # which reading the price came from: shop, structured, visible
    remarks: list[str] = field(default_factory=list)  # where two readings of the page disagree
    reviews: list[Review] = field(default_factory=list)

    @property
    def offer_id(self) -> str:
        """The shop's number of the product, else a hash of the page's canonical address."""
        return self.sku or hashlib.sha256(canonicalize_url(self.url).encode()).hexdigest()[:32]

    def document(self) -> dict[str, Any]:
        """Write it as JSON holds it: the price as a decimal string, other numbers as numbers, instants as ISO 8601."""
        plain = asdict(self) | {"offer_id": self.offer_id}
        plain["price"] = None if self.price is None else format(self.price, "f")
        plain["list_price"] = None if self.list_price is None else float(self.list_price)
        plain["seen_at"] = None if self.seen_at is None else self.seen_at.isoformat()
        return plain


def shop(url: str) -> str:
    """Name the shop that an address belongs to: its host, without www."""
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    return host.removeprefix("www.")
