"""REES46 "eCommerce behavior data": views, carts and purchases of a large shop, one CSV file a month, in USD.

In: lines of event_time, event_type, product_id, category_id, category_code, brand, price, user_id, user_session.
Out: an event a line. A purchase is one piece: the source has a row for each.
"""

from collections.abc import Iterable, Iterator

from mart.replay.catalogue import Catalogue
from mart.replay.record import Record, event_id, instant, number, obj, text
from mart.replay.row import rows

NAME = "rees46"
COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
EVENT_TYPES = {"cart": "cart_add", "remove_from_cart": "cart_remove"}  # the others are called what we call them
CURRENCY = "USD"


def read(file_name: str, lines: Iterable[bytes], catalogue: Catalogue) -> Iterator[Record]:
    """Turn each line into one record; a line that can't be read is passed on as it is."""
    for line_number, line, row in rows(lines, COLUMNS):
        yield _record(event_id(NAME, file_name, line_number), row, catalogue) if row else (None, line)


def _record(identity: str, row: list[str], catalogue: Catalogue) -> Record:
    time, given_type, product_id, category_id, category, brand, price, user_id, session_id = row
    event_type, at = EVENT_TYPES.get(given_type, given_type), instant(time)
    event = {
        "event_id": text(identity),
        "event_type": text(event_type),
        "event_at": text(at),
        "user_id": _text(user_id),
        "session_id": _text(session_id),
        "product_id": text(product_id),
        "quantity": "1" if event_type == "purchase" else None,
        "price": number(price),
        "currency": text(CURRENCY),
        "category": _text(category),
        "brand": _text(brand),
        "properties": obj({"category_id": text(category_id)}) if category_id else None,
    }
    catalogue.see(product_id, at, brand=brand, category=category, price=price, currency=CURRENCY)
    return (user_id or session_id).encode() or None, obj(event).encode()


def _text(given: str) -> str | None:
    return text(given) if given else None
