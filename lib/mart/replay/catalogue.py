"""The products that a data set mentions: of each, the newest title, brand, category and price that it gives.

In: what single rows say. Out: lines for `landing/inbox/products`. What can't be true of a product (a price that is
negative or no number, a row from the future) is left out here; the row itself is sent all the same, for ingest to judge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mart.replay.record import is_number, obj, text

_TOO_DEAR = 1e14  # DECIMAL(18,4) can't hold it
_Rank = tuple[bool, datetime]


@dataclass
class Catalogue:
    """Gather products, one state each; memory grows with their number, not with that of the rows."""

    until: datetime = field(default_factory=lambda: datetime.now(UTC))
    _products: dict[str, dict[str, tuple[_Rank, str]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._products)

    def see(
        self, product_id: str, at: str, *, sound: bool = True, price: str = "", currency: str = "", **texts: str
    ) -> None:
        """Take what a row says of a product at an ISO 8601 instant: texts are title, brand and category, empty for none.

        A row that is not `sound` (a correction of stock, say) only counts while no sound one has been seen.
        """
        seen_at = moment(at)
        if not product_id or seen_at is None or seen_at > self.until:
            return
        said = {name: text(value) for name, value in texts.items() if value}
        if currency and _is_price(price):
            said["price"] = (
                f'{price},"currency":{text(currency)}'  # one state: a price without its currency says nothing
            )
        known, rank = self._products.setdefault(product_id, {}), (sound, seen_at)
        for name, value in {**said, "": ""}.items():
            if name not in known or known[name][0] <= rank:
                known[name] = (rank, value)

    def lines(self) -> Iterator[bytes]:
        """Give the products as JSON lines, by product_id."""
        for product_id, known in sorted(self._products.items()):
            updated_at = known[""][0][1].isoformat(timespec="milliseconds").replace("+00:00", "Z")
            state = {name: value for name, (_, value) in sorted(known.items()) if name}
            yield obj({"product_id": text(product_id), **state, "updated_at": text(updated_at)}).encode()


def moment(at: str) -> datetime | None:
    """Read ISO 8601, without a zone as UTC; None where it can't be read."""
    try:
        read = datetime.fromisoformat(at)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_price(given: str) -> bool:
    return is_number(given) and 0 <= float(given) < _TOO_DEAR
