"""A record of activity, judged without Spark: the verdict and the reason are those of views/scrutiny, for the collector to tell at once.

In: a record's bytes. Out: its fields, each as the JSON text that it came in, so that what is sent on is sent unchanged; or the
Fault that makes it a reject. tests/test_activity.py compares both judges over records of every kind.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from mart.schema import TIMESTAMP, Column
from mart.schema.pieces import Pieces, elements, given, pieces, text, whole
from mart.schema.rows import EARLIEST, SHOWN, Fault
from mart.settings import Ingest
from mart.tables.activity import BOUNDS, BUSINESS, EVENT_TYPES, FORMS, REQUIRED
from mart.views.scrutiny import END

__all__ = ["REQUIRED", "Pieces", "check", "document", "elements", "given", "instant", "pieces", "read", "text", "whole"]

_YEAR_10000 = 253_402_300_800_000  # [epoch ms]
_EPOCH = date(1970, 1, 1).toordinal()
_CYCLE = 146_097  # days of 400 years, after which the calendar repeats itself
_SCALE, _MOST = Decimal("0.0001"), Decimal(10**14)  # of DECIMAL(18,4)

_ISO_8601 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?(?:\r\n?|\n)?",
    re.ASCII,
)


def document(payload: bytes | None, largest: int) -> Pieces:
    """Cut a record into its fields. Raises Fault where it is too large or no JSON object."""
    if payload is not None and len(payload) > largest:
        raise Fault("too_large", f"{len(payload)} bytes")
    try:
        said = (payload or b"").decode()
        if END in said:
            raise ValueError(END)
        return pieces(said)
    except ValueError:
        raise Fault("not_json", (payload or b"")[:SHOWN].decode("latin-1")) from None


def instant(piece: str) -> datetime | None:
    """Read an instant, ISO 8601 or epoch milliseconds; None where it is none, or one that Python's calendar lacks."""
    micros = _micros(piece)
    try:
        return None if micros is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return None


def check(fields: Pieces, rules: Ingest, arrived_at: datetime) -> None:
    """Raise the Fault that makes this no event, the first in the order of the reasons; none if it is one, or a bot's."""
    if missing := _missing(fields):
        raise Fault("missing_field", missing)
    if json.loads(fields["event_type"]) not in EVENT_TYPES:
        raise Fault("unknown_event_type", _shown("event_type", fields))
    there = [column for column in BUSINESS if given(fields, column.name)]
    for reason, holds in (("bad_type", _readable), ("out_of_range", _possible)):
        for column in there:
            if not holds(column, fields[column.name]):
                raise Fault(reason, _shown(column.name, fields))
    latest = _since_1970(arrived_at + timedelta(minutes=rules.future_minutes))
    if (_micros(fields["event_at"]) or 0) > latest:
        raise Fault("from_the_future", _shown("event_at", fields))


def read(payload: bytes | None, rules: Ingest, arrived_at: datetime) -> Pieces:
    """Read a record. Raises Fault with the first reason why it is no event."""
    fields = document(payload, rules.max_payload_bytes)
    check(fields, rules, arrived_at)
    noted = pieces(fields["properties"]) if given(fields, "properties") else {}
    if noted.get("bot") == "true" or text(noted, "bot") == "true":
        raise Fault("bot", "properties.bot")
    return fields


def _missing(fields: Pieces) -> str | None:
    """Name what should be there and is not."""
    for name in REQUIRED:
        if not given(fields, name):
            return name
    if not given(fields, "user_id") and not given(fields, "session_id"):
        return "user_id or session_id"
    return "currency" if given(fields, "price") and not given(fields, "currency") else None


def _readable(column: Column, piece: str) -> bool:
    """Tell whether a value is of its column's kind, as JSON writes it."""
    form = FORMS[column.type]
    if form in ("text", "object"):
        return piece[0] == ('"' if form == "text" else "{")
    if piece[0] == '"':
        return form == "instant" and _micros(piece) is not None
    real = _real(piece)
    return real is not None and (form == "number" or real % 1 == 0)


def _possible(column: Column, piece: str) -> bool:
    """Tell whether a readable value lies within its column's bounds."""
    if column.type == TIMESTAMP:
        micros = _micros(piece)
        return micros is not None and micros >= _since_1970(EARLIEST)
    if column.name not in BOUNDS:
        return True
    low, high = BOUNDS[column.name]
    return low <= float(piece) <= high and _decimal(piece) < _MOST


def _decimal(piece: str) -> Decimal:
    """Round to the four places that are kept; digits beyond the 38th, or in powers of ten, have gone through a double."""
    exact = Decimal(piece) if piece.strip("-0123456789.") == "" and len(piece) <= 38 else Decimal(repr(float(piece)))
    return exact.quantize(_SCALE, ROUND_HALF_UP)


def _real(piece: str) -> float | None:
    return float(piece) if piece[0] in "-0123456789" else None


def _micros(piece: str) -> int | None:
    """Count microseconds from 1970, since Python's calendar has no year 0 and none after 9999."""
    if piece[0] != '"':
        real = _real(piece)
        return None if real is None or real % 1 != 0 or abs(real) >= _YEAR_10000 else int(real) * 1_000
    match = _ISO_8601.fullmatch(json.loads(piece))
    return _on_the_clock(match) if match else None


def _on_the_clock(match: re.Match[str]) -> int | None:
    """Count microseconds to an instant whose parts are digits; None where there is no such day or hour."""
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    offset = _offset(match[8])
    turns = 0 if year else 1
    try:
        days = date(year + 400 * turns, month, day).toordinal() - _CYCLE * turns - _EPOCH
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59 or offset is None:
        return None
    seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * 1_000_000 + int((match[7] or "").ljust(6, "0")[:6])


def _offset(zone: str | None) -> int | None:
    """Read a zone as minutes east of Greenwich; None beyond 18 hours, where there is nobody."""
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[2:]) > 59 or minutes > 18 * 60:
        return None
    return -minutes if zone[0] == "-" else minutes


def _since_1970(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _shown(name: str, fields: Pieces) -> str:
    return f"{name}: {fields[name][:SHOWN]}"
