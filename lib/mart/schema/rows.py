"""A declaration as a reader of JSON: a document becomes a row of plain Python values, or a Fault says what is wrong with it.

Strict, as views/scrutiny is for activity: an id is a JSON string and a number a JSON number (money may be a decimal string);
what is present but unreadable is a fault, and nothing is silently nulled. An empty text counts as absent.
"""

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from mart.schema import BOOLEAN, DATE, DOUBLE, INT, LONG, MONEY, STRING, TIMESTAMP, Column, Table, Type

Row = dict[str, Any]

SHOWN = 80  # characters of a value in a fault's detail
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # there were no shops like ours before
_LARGEST = {INT: 2**31 - 1, LONG: 2**63 - 1}
_CENTS = Decimal("0.0001")


@dataclass(frozen=True)
class Fault(Exception):
    """Why a record is none: `reason` as landing's outcome has it, `detail` with field and value."""

    reason: str
    detail: str


def document(payload: bytes | None, largest: int) -> Mapping[str, Any]:
    """Read a record's JSON object, numbers exact. Raises Fault."""
    if payload is not None and len(payload) > largest:
        raise Fault("too_large", f"{len(payload)} bytes")
    try:
        found = json.loads((payload or b"").decode(), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Fault("not_json", (payload or b"")[:SHOWN].decode("latin-1"))
    return found


def row(table: Table, given: Mapping[str, Any], latest: datetime) -> Row:
    """Read the table's columns from a document; no instant may be after `latest`. Raises Fault."""
    found = {column.name: _value(column, given.get(column.name)) for column in table.columns}
    for name in table.key:
        if found[name] is None:
            raise Fault("missing_field", name)
    for column in table.columns:
        at = found[column.name]
        if column.type == TIMESTAMP and at is not None:
            if at < EARLIEST:
                raise Fault("out_of_range", f"{column.name}: {at.isoformat()}")
            if at > latest:
                raise Fault("from_the_future", f"{column.name}: {at.isoformat()}")
    if broken := broken_checks(table, found):
        names = ", ".join(broken)
        raise Fault("out_of_range", f"{names}: {'; '.join(table.checks[name] for name in broken)}")
    return found


def broken_checks(table: Table, found: Row) -> list[str]:
    """Name the table's checks that a row breaks; what is absent breaks none, as in SQL."""
    if not table.checks:
        return []
    values = [float(v) if isinstance(v, Decimal) else str(v) if isinstance(v, date) else v for v in found.values()]
    ask = _asker(table.names, tuple(table.checks.values()))
    return [name for name, holds in zip(table.checks, ask(values), strict=True) if not holds]


@cache
def _asker(names: tuple[str, ...], checks: tuple[str, ...]) -> Callable[[list[Any]], tuple[int, ...]]:
    """Compile the checks once. They are SQL; SQLite, which Python brings along, means the same by it."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    rules, given = (
        ", ".join(parts) for parts in ((f"coalesce({c}, 1)" for c in checks), (f'? AS "{n}"' for n in names))
    )
    query = f"SELECT {rules} FROM (SELECT {given})"
    return lambda values: connection.execute(query, values).fetchone()


def _value(column: Column, given: object) -> Any:  # noqa: ANN401
    """Read one field. Raises Fault for one that is present but is not what its column says."""
    if given is None or given == "":
        return None
    found = _READERS[column.type](given)
    if found is None:
        raise Fault("bad_type", _shown(column, given))
    if isinstance(found, str) and "\x00" in found:
        raise Fault("out_of_range", _shown(column, given))
    if (largest := _LARGEST.get(column.type)) and abs(found) > largest:
        raise Fault("out_of_range", _shown(column, given))
    if isinstance(found, Decimal):
        if abs(found) >= 10**14:
            raise Fault("out_of_range", _shown(column, given))
        return found.quantize(_CENTS)
    return found


def _text(given: object) -> str | None:
    return given if isinstance(given, str) else None


def _number(given: object) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    found = Decimal(str(given))
    return found if found.is_finite() else None


def _money(given: object) -> Decimal | None:
    if not isinstance(given, str):
        return _number(given)
    try:
        found = Decimal(given)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _whole(given: object) -> int | None:
    found = _number(given)
    return int(found) if found is not None and abs(found) < 10**30 and found % 1 == 0 else None


def _real(given: object) -> float | None:
    found = _number(given)
    real = None if found is None else float(found)
    return real if real is not None and math.isfinite(real) else None


def _flag(given: object) -> bool | None:
    return given if isinstance(given, bool) else None


def _instant(given: object) -> datetime | None:
    """Read ISO 8601, in UTC where it names no zone, or milliseconds since 1970."""
    try:
        if isinstance(given, str):
            found = datetime.fromisoformat(given)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        ms = _whole(given)
        return None if ms is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    except (ValueError, OverflowError):
        return None


def _day(given: object) -> date | None:
    try:
        return date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None


_READERS: dict[Type, Callable[[object], Any]] = {
    STRING: _text,
    MONEY: _money,
    DOUBLE: _real,
    LONG: _whole,
    INT: _whole,
    BOOLEAN: _flag,
    TIMESTAMP: _instant,
    DATE: _day,
}


def _shown(column: Column, given: object) -> str:
    return f"{column.name}: {json.dumps(given, ensure_ascii=False, default=str)[:SHOWN]}"


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(constant)
