"""The lake's part of what is known: histories and popularity at one version of the events, and where the topic goes on from there.

In: interactions and popularity of whichever layer, serving or batch, stands further. Out: a Base, which is never changed, and
the events of the last hours, from which visits, carts and clicks are remembered after a restart.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mart.api import history
from mart.api.acts import IN_LAKE, Event, Micros
from mart.api.catalogue import Numbers
from mart.api.history import History
from mart.api.ladder import WEIGHTS
from mart.api.recent import TAKEN_OUT
from mart.edges import delta, landed
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, POPULARITY

DAYS = 30  # of popularity
EVENTS_KEPT = 300_000  # of the last hours, the newest
_KEPT = ["click", "cart_add", *TAKEN_OUT]
_READ = ["event_id", "event_at", "event_type", "product_id", "user_id", "session_id", "quantity", "recommendation_id"]


@dataclass(frozen=True)
class Base:
    """Histories as they are at a version of processed.events; None before there is any."""

    history: History
    version: int | None
    ends: Mapping[int, int]  # the offset that comes next in each partition of the topic
    products: int  # that had a number when it was read


def load(settings: Settings, numbers: Numbers, partitions: Collection[int], known: Base | None = None) -> Base:
    """Read the histories at the newest version that a layer stands at; `known` is given back where it is that one."""
    found = freshest(settings, INTERACTIONS)
    if found is None:
        return known or Base(history.nobody(numbers), None, {}, len(numbers))
    layer, version, stands = found
    if known is not None and known.version is not None and known.version >= stands:
        return known
    rows = delta.scan(settings, layer.path, version)
    assert rows is not None
    pairs = history.of(rows.to_table(columns=list(history.COLUMNS)), numbers)
    return Base(pairs, stands, landed.next_offsets(settings, stands, partitions), len(numbers))


def popularity(settings: Settings) -> tuple[pa.Table, int | None]:
    """Add up each product's acts of the newest DAYS days that there are; and tell the version of events they stand at."""
    found = freshest(settings, POPULARITY)
    names = ["product_id", *WEIGHTS]
    if found is None:
        kinds = [(name, pa.string() if name == "product_id" else pa.int64()) for name in names]
        return pa.schema(kinds).empty_table(), None
    layer, version, stands = found
    opened = delta.open_table(settings, layer.path, version)
    assert opened is not None
    newest = max((date.fromisoformat(one["event_day"]) for one in opened.partitions()), default=date.min)
    since = newest - timedelta(days=DAYS) if newest > date.min else newest
    rows = opened.to_pyarrow_dataset().to_table(columns=names, filter=ds.field("event_day") > since)
    added = rows.group_by("product_id").aggregate([(name, "sum") for name in WEIGHTS])
    return added.rename_columns({f"{name}_sum": name for name in WEIGHTS}), stands


def freshest(settings: Settings, table: Table) -> tuple[Table, int, int] | None:
    """Find the layer that stands at the newest version of events: the layer, its own version, and that of the events."""
    layers = [(layer, delta.standing(settings, layer)) for layer in (table.at("serving"), table.at("batch"))]
    there = [(layer, at.version, at.frontier) for layer, at in layers if at and at.frontier is not None]
    return max(there, key=lambda one: one[2], default=None)


def lately(settings: Settings, version: int, now: datetime, session: timedelta, kept: timedelta) -> list[Event]:
    """Read from the lake what the overlay would remember: all of the last visit's length, clicks and carts of `kept`.

    The newest EVENTS_KEPT at most, oldest first.
    """
    rows = delta.scan(settings, EVENTS.path, version)
    assert rows is not None
    at, kind = ds.field("event_at"), ds.field("event_type")
    recent = (at > now - session) | (kind.isin(_KEPT) & (at > now - kept))
    on_day = ds.field("event_day") >= (now - kept).date()
    found = rows.to_table(columns=[*_READ, "properties"], filter=on_day & recent).sort_by("event_at")
    return list(_events(found.slice(max(0, len(found) - EVENTS_KEPT))))


def _events(rows: pa.Table) -> Iterable[Event]:
    instants = rows["event_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    positions = pc.map_lookup(rows["properties"], pa.scalar("position"), "first")
    columns = [instants if name == "event_at" else rows[name] for name in _READ]
    for values in zip(*(column.to_pylist() for column in (*columns, positions)), strict=True):
        identity, at, kind, product, user, session, pieces, recommendation, position = values
        place = int(position) if position and position.isdecimal() else None
        yield Event(identity, at, kind, product, user, session, pieces or 1, recommendation, place, IN_LAKE, 0)


def micros(at: datetime) -> Micros:
    """Count microseconds since 1970."""
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
