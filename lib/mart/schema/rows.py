"""A declaration as a reader of JSON: a document becomes a row of plain Python values, or a Fault says what is wrong with it.

Strict, as views/scrutiny is for activity: an id is a JSON string and a number a JSON number (money may be a decimal string);
what is present but unreadable is a fault, and nothing is silently nulled. A text of blanks counts as absent.
"""

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from mart.schema import BOOLEAN, DATE, DOUBLE, INT, LONG, MONEY, STRING, TIMESTAMP, Column, Table, Type

Row = dict[str, Any]

SHOWN = 80  # characters of a value in a fault's detail
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # there were no shops like ours before
_LARGEST = {INT: 2**31 - 1, LONG: 2**63 - 1}
_CENTS, _MOST_MONEY = Decimal("0.0001"), Decimal(10**14)


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


class Reader:
    """Reads rows of one table; what does not change from row to row is worked out once, here."""

    def __init__(self, table: Table) -> None:
        self._columns = [(c, _READERS[c.type], _LARGEST.get(c.type, math.inf)) for c in table.columns]
        self._instants = [c.name for c in table.columns if c.type == TIMESTAMP]
        self._key, self._checks = table.key, table.checks
        self._ask = _asker(table.names, tuple(table.checks.values())) if table.checks else None

    def __call__(self, given: Mapping[str, Any], latest: datetime) -> Row:
        """Read the table's columns from a document; no instant may be after `latest`. Raises Fault."""
        found = {c.name: _value(c, read, largest, given.get(c.name)) for c, read, largest in self._columns}
        for name in self._key:
            if found[name] is None:
                raise Fault("missing_field", name)
        for name in self._instants:
            at = found[name]
            if at is not None and not EARLIEST <= at <= latest:
                raise Fault("out_of_range" if at < EARLIEST else "from_the_future", f"{name}: {at.isoformat()}")
        if broken := self._broken(found):
            raise Fault("out_of_range", f"{', '.join(broken)}: {'; '.join(self._checks[name] for name in broken)}")
        return found

    def _broken(self, found: Row) -> list[str]:
        """Name the table's checks that a row breaks; what is absent breaks none, as in SQL."""
        if self._ask is None:
            return []
        values = [float(v) if isinstance(v, Decimal) else str(v) if isinstance(v, date) else v for v in found.values()]
        return [name for name, holds in zip(self._checks, self._ask(values), strict=True) if not holds]


def _asker(names: tuple[str, ...], checks: tuple[str, ...]) -> Callable[[list[Any]], tuple[int, ...]]:
    """Compile the checks. They are SQL; SQLite, which Python brings along, means the same by it."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    rules, given = (
        ", ".join(parts) for parts in ((f"coalesce({c}, 1)" for c in checks), (f'? AS "{n}"' for n in names))
    )
    query = f"SELECT {rules} FROM (SELECT {given})"
    return lambda values: connection.execute(query, values).fetchone()


def _value(column: Column, read: Callable[[object], Any], largest: float, given: object) -> Any:  # noqa: ANN401
    """Read one field. Raises Fault for one that is present but is not what its column says."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    found = read(given)
    if found is None:
        raise Fault("bad_type", _shown(column, given))
    if isinstance(found, str):
        possible = "\x00" not in found and _is_text(found)
    elif isinstance(found, Decimal):
        possible = abs(found) < _MOST_MONEY
        found = found.quantize(_CENTS) if possible else found
    else:
        possible = largest == math.inf or abs(found) <= largest
    if not possible:
        raise Fault("out_of_range", _shown(column, given))
    return found


def _is_text(found: str) -> bool:
    """JSON can spell half a character, which is no text."""
    try:
        found.encode()
    except UnicodeEncodeError:
        return False
    return True


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
    return f"{column.name}: {json.dumps(given, ensure_ascii=False, default=str)[:SHOWN]}".encode(
        errors="backslashreplace"
    ).decode()


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(constant)
