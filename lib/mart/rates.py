"""Rates of currencies from a file, checked line by line before any of it counts.

In: CSV as `day,currency,rate` (price of one unit in the reference currency), or as the European Central Bank publishes its
history (`Date,USD,JPY,…`, units for one euro). Out: lines of landing/inbox/rates, which batch/rates takes in.
"""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from mart.schema.rows import Fault, Reader
from mart.tables import RATES

FOLDER = "rates"
_rate = Reader(RATES)
_NONE = ("", "N/A", "-")  # the bank's way to say that there was none that day


class RatesError(ValueError):
    """A file that is no table of rates; the message names line and fault."""


def read(file: Path, loaded_at: datetime) -> list[bytes]:
    """Read a file whole. Raises RatesError with the first line that is wrong, and OSError."""
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines, skipinitialspace=True)
        header = [name.strip().lower() for name in reader.fieldnames or [] if name]
        if not {"currency", "rate"} <= set(header) and header[:1] != ["date"]:
            raise RatesError(f"{file}: the first line must be day,currency,rate (or Date,USD,JPY,… as the ECB has it)")
        return [_line(file, reader.line_num, one, loaded_at) for given in reader for one in _rates(file, reader, given)]


def _rates(file: Path, reader: "csv.DictReader[str]", given: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Give the rates of a line: one, or a currency each."""
    said = {
        (name or "").strip().lower(): (value or "").strip() for name, value in given.items() if isinstance(value, str)
    }
    day = said.get("rate_day") or said.get("day") or said.get("date")
    if "currency" in said:
        yield {
            "rate_day": day,
            "currency": said["currency"].upper(),
            "rate": _number(file, reader.line_num, said["rate"]),
        }
        return
    for name, value in said.items():
        if name and name != "date" and value not in _NONE:
            units = _number(file, reader.line_num, value)
            yield {"rate_day": day, "currency": name.upper(), "rate": 1 / units if units else units}


def _number(file: Path, line: int, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise RatesError(f"{file}, line {line}: {text!r} is no number") from None


def _line(file: Path, number: int, given: dict[str, object], loaded_at: datetime) -> bytes:
    currency = str(given["currency"])
    if len(currency) != 3 or not currency.isalpha() or not currency.isascii():
        raise RatesError(f"{file}, line {number}: {currency!r} is no ISO 4217 code")
    try:
        found = _rate(given, datetime.now(UTC))
    except Fault as fault:
        raise RatesError(f"{file}, line {number}: {fault.reason}: {fault.detail}") from None
    return json.dumps({**found, "loaded_at": loaded_at}, default=str).encode()
