"""What may be sent to the collector, in OpenAPI's words, from the declaration of events.

In: the business columns of tables.EVENTS. Out: a request body with examples.
"""

from typing import Any

from mart.activity import REQUIRED
from mart.schema import DOUBLE, INT, MONEY, PROPERTIES, STRING, TIMESTAMP, Column
from mart.tables.activity import BUSINESS, EVENT_TYPES

FILLED_IN = ("event_id", "event_at")  # by the collector, where they are absent

_TYPES: dict[Any, dict[str, Any]] = {
    STRING: {"type": "string"},
    INT: {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    MONEY: {"type": "number", "minimum": 0, "exclusiveMaximum": 10**14},
    DOUBLE: {"type": "number", "minimum": 0, "maximum": 5},
    TIMESTAMP: {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "description": "Epoch ms."}]},
    PROPERTIES: {"type": "object"},
}


def _field(column: Column) -> dict[str, Any]:
    known = {"enum": list(EVENT_TYPES)} if column.name == "event_type" else {}
    return _TYPES[column.type] | known | {"description": column.doc}


EVENT = {
    "type": "object",
    "title": "Event",
    "description": "Needs user_id or session_id, and a currency where there is a price. Keys that are not listed become properties.",
    "properties": {column.name: _field(column) for column in BUSINESS},
    "required": [name for name in REQUIRED if name not in FILLED_IN],
}
_SEVERAL = {"type": "array", "items": EVENT}
_BATCH = {
    "type": "object",
    "title": "Batch",
    "properties": {"events": _SEVERAL, "sent_at": _TYPES[TIMESTAMP] | {"description": "When it was sent, by the sender's clock."}},
    "required": ["events"],
}  # fmt: skip

_VIEW = {"event_type": "view", "session_id": "s-81", "product_id": "p17"}
_SALE = {
    "event_id": "o-1907-1",
    "event_type": "purchase",
    "event_at": "2026-11-20T12:00:00Z",
    "user_id": "u-4",
    "product_id": "p17",
    "order_id": "o-1907",
    "quantity": 2,
    "price": 9.99,
    "currency": "EUR",
}
_EXAMPLES = {
    "one": {"summary": "One event", "value": _VIEW},
    "several": {"summary": "Several", "value": [_VIEW, _SALE]},
    "page": {"summary": "A page's batch", "value": {"sent_at": "2026-11-20T12:00:01Z", "events": [_VIEW]}},
}

REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"oneOf": [EVENT, _SEVERAL, _BATCH]}, "examples": _EXAMPLES},
        "text/plain": {"schema": {"type": "string", "description": "The same JSON, as navigator.sendBeacon sends it."}},
    },
}
