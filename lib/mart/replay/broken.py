"""Every way in which a record is known to be broken, with the reason for which ingest must reject it.

In: a sound event as an object. Out: the bytes of a broken one. A new way is a line in KINDS.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]
Break = Callable[[Event], bytes]


@dataclass(frozen=True)
class Kind:
    """A way to be broken: a name, the reason it is rejected for, and what makes it so."""

    name: str
    reason: str
    apply: Break


def _dump(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def _with(**fields: object) -> Break:
    return lambda event: _dump(event | fields)


def _without(*names: str) -> Break:
    return lambda event: _dump({name: value for name, value in event.items() if name not in names})


def _written(name: str, literal: bytes) -> Break:
    """Write a field's value as it stands, valid JSON or not."""
    return lambda event: _dump(event | {name: "@here@"}).replace(b'"@here@"', literal)


def _instead(payload: bytes) -> Break:
    return lambda event: payload


def _reject(reason: str, **ways: Break) -> tuple[Kind, ...]:
    return tuple(Kind(name, reason, way) for name, way in ways.items())


_REQUIRED = ("event_id", "event_type", "event_at", "product_id")

LARGE = _reject(
    "too_large",
    payload_over_1_mb=_with(properties={"note": "x" * 1_000_000}),
    payload_of_nearly_1_mib=_with(properties={"note": "x" * 1_040_000}),  # more than that no Kinesis takes
)

KINDS = (
    *LARGE,
    *_reject(
        "not_json",
        truncated=lambda event: _dump(event)[:-9],
        invalid_utf_8=_written("session_id", b'"caf\xe9"'),
        empty=_instead(b""),
        no_json_at_all=_instead(b"2025-11-03 12:00:01 view p17"),
        array=lambda event: b"[" + _dump(event) + b"]",
        json_in_a_string=lambda event: json.dumps(_dump(event).decode()).encode(),
        number=_instead(b"42"),
        null=_instead(b"null"),
        bare_nan=_instead(b"NaN"),
        nan_price=_written("price", b"NaN"),
        infinite_price=_written("price", b"-Infinity"),
        two_objects=lambda event: _dump(event) + _dump(event),
        single_quotes=lambda event: _dump(event).replace(b'"', b"'"),
        unquoted_value=_written("product_id", b"p17"),
        thousands_of_brackets=_instead(b"[" * 5_000),
    ),
    *(kind for name in _REQUIRED for kind in _reject("missing_field", **{f"{name}_absent": _without(name)})),
    *(kind for name in _REQUIRED for kind in _reject("missing_field", **{f"{name}_null": _with(**{name: None})})),
    *(kind for name in _REQUIRED for kind in _reject("missing_field", **{f"{name}_empty": _with(**{name: ""})})),
    *_reject(
        "missing_field",
        nobody=_without("user_id", "session_id"),
        nobody_but_null=_with(user_id=None, session_id=None),
        nobody_but_empty=_with(user_id="", session_id=""),
        price_without_currency=_without("currency"),
        price_with_null_currency=_with(currency=None),
        empty_object=_instead(b"{}"),
    ),
    *_reject(
        "unknown_event_type",
        other_type=_with(event_type="teleport"),
        type_in_capitals=_with(event_type="VIEW"),
        type_with_blank=_with(event_type="view "),
    ),
    *_reject(
        "bad_type",
        event_id_number=_with(event_id=17),
        user_id_number=_with(user_id=17850),
        session_id_object=_with(session_id={"id": "s"}),
        product_id_number=_with(product_id=42),
        order_id_true=_with(order_id=True),
        category_array=_with(category=["toys", "kite"]),
        currency_number=_with(currency=978),
        quantity_text=_with(quantity="2"),
        quantity_fraction=_with(quantity=1.5),
        quantity_true=_with(quantity=True),
        price_text=_with(price="9.99"),
        price_object=_with(price={"amount": 9.99}),
        rating_text=_with(rating="good"),
        event_at_words=_with(event_at="yesterday"),
        event_at_american=_with(event_at="11/03/2025 12:00"),
        event_at_no_such_day=_with(event_at="2025-02-30T12:00:00Z"),
        event_at_fraction=_with(event_at=1762171200000.5),
        event_at_true=_with(event_at=True),
    ),
    *_reject(
        "out_of_range",
        quantity_zero=_with(quantity=0),
        quantity_negative=_with(quantity=-3),
        quantity_beyond_int=_with(quantity=3_000_000_000),
        price_negative=_with(price=-0.01),
        price_huge=_with(price=10**14),
        price_beyond_double=_written("price", b"1e999"),
        rating_six=_with(rating=6),
        rating_negative=_with(rating=-0.5),
        event_at_year_zero=_with(event_at="0000-01-01T00:00:00Z"),
    ),
    *_reject(
        "from_the_future",
        far_future=_with(event_at="2999-01-01T00:00:00Z"),
        far_future_in_ms=_with(event_at=32_472_144_000_000),
    ),
    *_reject("bot", marked_as_bot=_with(properties={"bot": "true"})),
)


def kind(number: int) -> Kind:
    """Give the kind of the n-th broken record: each in turn, but the large ones only once."""
    if number < len(KINDS):
        return KINDS[number]
    small = KINDS[len(LARGE) :]
    return small[(number - len(KINDS)) % len(small)]
