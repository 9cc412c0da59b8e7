"""Tables of a test's lake: made as declared, rows appended with a frontier in the same commit, without Spark."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from mart.edges import arrow, delta, storage
from mart.schema import Table
from mart.settings import Settings
from mart.tables import LANDING_ACTIVITY

Row = Mapping[str, Any]


def append(settings: Settings, table: Table, rows: Iterable[Row], at: tuple[str, int] | None = None) -> int:
    """Append rows; return the table's new version."""
    delta.create(settings, table)
    given = pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], arrow.schema(table))
    place = f"{settings.lake}/{table.path}"
    options = storage.options(settings, place)
    frontier = CommitProperties(app_transactions=[Transaction(*at)] if at else None)
    write_deltalake(place, given, mode="append", commit_properties=frontier, storage_options=options)
    return DeltaTable(place, storage_options=options).version()


def landed(first: int, number: int, outcome: str, at: datetime | None = None) -> list[Row]:
    """Make rows of landing.activity at the offsets from `first` on."""
    at = at or datetime.now(UTC)
    place = {
        "source": "kafka:activity",
        "partition": "0",
        "arrived_at": at,
        "arrived_day": at.date(),
        "outcome": outcome,
    }
    return [place | {"offset": f"{offset:020}"} for offset in range(first, first + number)]


def land(settings: Settings, first: int, number: int, outcome: str = "event") -> int:
    """Append rows to landing.activity."""
    return append(settings, LANDING_ACTIVITY, landed(first, number, outcome))


def events(first: int, number: int, at: datetime | None = None) -> list[Row]:
    """Make events, each of another shopper and product."""
    at = at or datetime.now(UTC)
    return [
        {"event_id": f"e{one}", "event_at": at, "event_type": "view", "user_id": f"u{one}", "product_id": f"p{one}", "event_day": at.date()}
        for one in range(first, first + number)
    ]  # fmt: skip
