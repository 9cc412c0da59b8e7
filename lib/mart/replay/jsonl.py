"""Activity that speaks our own language: one JSON object a line, with the business columns of processed.events.

In: lines. Out: the same lines, byte for byte, whatever they hold; only the record's key is read from them, and what they
say of products.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mart.replay.catalogue import Catalogue
from mart.replay.record import Record

NAME = "jsonl"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(file_name: str, lines: Iterable[bytes], catalogue: Catalogue) -> Iterator[Record]:
    """Pass each line on as it is."""
    for line in lines:
        event = _object(line)
        _see(event, catalogue)
        yield _key(event), line


def _object(line: bytes) -> dict[str, Any]:
    """Read a line as far as it is an object; nothing where it isn't."""
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):  # a thousand brackets are no reason to stop
        return {}
    return value if isinstance(value, dict) else {}


def _key(event: dict[str, Any]) -> bytes | None:
    return (_text(event, "user_id") or _text(event, "session_id")).encode() or None


def _see(event: dict[str, Any], catalogue: Catalogue) -> None:
    catalogue.see(
        _text(event, "product_id"),
        _instant(event.get("event_at")),
        price=repr(event.get("price")),
        currency=_text(event, "currency"),
        title=_text(event, "title"),
        brand=_text(event, "brand"),
        category=_text(event, "category"),
    )


def _text(event: dict[str, Any], name: str) -> str:
    """Give a field that is text; empty for anything else, also for half a surrogate pair, which no UTF-8 can hold."""
    value = event.get(name)
    return value if isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value) else ""


def _instant(given: object) -> str:
    """Give ISO 8601 of what may be ISO 8601 already or epoch milliseconds; empty for anything else."""
    if isinstance(given, str):
        return given
    try:
        return (_EPOCH + timedelta(milliseconds=given)).isoformat() if isinstance(given, int) else ""
    except OverflowError:
        return ""
