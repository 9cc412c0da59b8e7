"""A shop on the shared broker and a lake of its own, made without Spark: tables as they are declared, folded by plain loops.

What is sent goes through the real topic. test_spark_lake.py holds the engine against a lake that the real jobs have made.
"""

import json
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from mart import activity
from mart.api.engine import Engine
from mart.edges import arrow, producing, recording, registry
from mart.edges.following import Follower, Record
from mart.replay.generate import Plan
from mart.replay.stream import Shares, Writer, arrivals
from mart.replay.visits import DAY, visits
from mart.schema import Table
from mart.schema.rows import Fault
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, ITEM_FACTORS, LANDING_ACTIVITY, POPULARITY, PRODUCTS

PLAN = Plan(shoppers=60, products=80, events=2_000, days=20, seed=3, shares=Shares(bad=0.02, late=0.1, duplicates=0.05))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = ("views", "cart_adds", "purchases", "quantity")
Row = dict[str, Any]


class Shop:
    """What tests do to a shop: send events, let them land, train."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.next = settings, dict[int, int]()
        self._producer = producing.Producer(settings.kafka.brokers)
        self.events: dict[tuple[str, datetime], Row] = {}
        self.send(value for _, value in _history())
        self.stock()
        self.land()
        self.train(seed=1)

    def send(self, values: Iterable[bytes]) -> None:
        """Publish records, a shopper's in one partition."""
        for value in values:
            self._producer.send(self.settings.kafka.activity, value, key(value))
        self._producer.flush()

    def tell(self, engine: Engine, *values: bytes, new: int | None = None) -> float:
        """Publish records and wait until the engine has them, `new` of them events; return how long that took [s]."""
        has = engine.sizes()["identities"]
        self.send(values)
        expected = has + (len(values) if new is None else new)
        return until(lambda: engine.sizes()["identities"] >= expected, lambda: f"{engine.sizes()}, {expected} expected")

    def busiest(self) -> str:
        """Name the account with the longest history."""
        return Counter(row["user_id"] for row in interactions(self.events.values())).most_common(1)[0][0]

    def unread(self) -> list[Record]:
        """Read what has come to the topic since the last time."""
        found = self.peek()
        self.next |= {record.partition: record.offset + 1 for record in found}
        return found

    def peek(self) -> list[Record]:
        """Read the same, and leave it unread."""
        place, found = self.settings.kafka, list[Record]()
        follower = Follower(place.brokers, place.activity, self.next)
        while not follower.caught_up:
            found += follower.take(1)
        follower.close()
        return found

    def place(self, record: Record) -> Row:
        """Give a record's coordinates as ingest writes them."""
        source = f"kafka:{self.settings.kafka.activity}"
        return {"source": source, "partition": str(record.partition), "offset": f"{record.offset:020}"}

    def stock(self) -> None:
        """Fill the catalogue."""
        lines = (json.loads(line) for line in PLAN.shop.catalogue(PLAN.end))
        rows = [line | {"updated_at": NOW, "price": arrow_price(line["price"])} for line in lines]
        write(self.settings, PRODUCTS, rows)

    def land(self) -> int:
        """Let everything in the topic land, and fold it; return the version of the events."""
        landed, good = list[Row](), list[Row]()
        for record in self.unread():
            place = self.place(record)
            said = read_event(record)
            fresh = said is not None and (said["event_id"], said["event_at"]) not in self.events
            if fresh and said is not None:
                self.events[said["event_id"], said["event_at"]] = said
                good.append(said | place | {"event_day": said["event_at"].date(), "arrived_at": datetime.now(UTC)})
            outcome = "event" if fresh else "duplicate" if said else "not_json"
            landed.append(
                place | {"arrived_at": datetime.now(UTC), "arrived_day": datetime.now(UTC).date(), "outcome": outcome}
            )
        version = write(self.settings, LANDING_ACTIVITY, landed, mode="append")
        events = write(self.settings, EVENTS, good, ("landing", version), mode="append")
        write(self.settings, INTERACTIONS.at("batch"), interactions(self.events.values()), ("events", events))
        write(self.settings, POPULARITY.at("batch"), popularity(self.events.values()), ("events", events))
        return events

    def train(self, seed: int) -> str:
        """Make a model up, the first one as the champion; return its version."""
        dice = np.random.default_rng(seed)
        tags = registry.lineage(self.settings.als, NOW, 1, 1, "test")
        version = recording.register(self.settings, lambda: None, 1, {}, {}, tags)
        made = {"model_version": version, "made_from_version": 1}
        known = [f"p{number}" for number in range(PLAN.products - 5)]
        rows = [
            made | {"product_id": one, "factors": dice.normal(size=self.settings.als.rank).tolist()} for one in known
        ]
        write(self.settings, ITEM_FACTORS, rows, mode="append")
        if seed == 1:
            registry.release(self.settings, version, registry.CHAMPION)
        return version

    @contextmanager
    def open(self, **changed: object) -> Iterator[Engine]:
        """Start an engine, and wait until it is ready."""
        engine = Engine(self.settings.model_copy(update=changed))
        engine.start()
        try:
            until(lambda: not engine.lacks(), lambda: str(engine.lacks()))
            yield engine
        finally:
            engine.stop()


def write(
    settings: Settings, table: Table, rows: list[Row], at: tuple[str, int] | None = None, mode: str = "overwrite"
) -> int:
    """Write rows as the declaration says, with the frontier in the same commit; return the table's new version."""
    schema = pa.schema([(column.name, arrow.of(column.type)) for column in table.columns])
    given = pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], schema)
    place = f"{settings.lake}/{table.path}"
    frontier = CommitProperties(app_transactions=[Transaction(*at)] if at else None)
    write_deltalake(place, given, mode=mode, partition_by=list(table.partition) or None, commit_properties=frontier)  # type: ignore[call-overload]
    return DeltaTable(place).version()


def interactions(events: Iterable[Row]) -> list[Row]:
    """Fold events by account and product, one after the other."""
    found: dict[tuple[str, str], Row] = {}
    for one in events:
        if one["user_id"] and one["event_type"] in ("view", "cart_add", "purchase", "refund"):
            first = dict.fromkeys(COUNTS, 0) | {"first_at": one["event_at"], "last_at": one["event_at"]}
            pair = {"user_id": one["user_id"], "product_id": one["product_id"]}
            row = found.setdefault((one["user_id"], one["product_id"]), pair | first)
            _count(row, one)
            row["last_at"] = max(row["last_at"], one["event_at"])
    return list(found.values())


def popularity(events: Iterable[Row]) -> list[Row]:
    """Fold events by product and hour, one after the other."""
    found: dict[tuple[str, datetime], Row] = {}
    for one in events:
        if one["event_type"] in ("view", "cart_add", "purchase"):
            hour = one["event_at"].replace(minute=0, second=0, microsecond=0)
            when = {"product_id": one["product_id"], "hour": hour, "event_day": hour.date()}
            _count(found.setdefault((one["product_id"], hour), when | dict.fromkeys(COUNTS, 0)), one)
    return list(found.values())


def _count(row: Row, event: Row) -> None:
    kind, pieces = event["event_type"], event["quantity"] or 1
    for name, counted in zip(COUNTS, ("view", "cart_add", "purchase"), strict=False):
        row[name] += kind == counted
    row["quantity"] += pieces * (kind == "purchase") - pieces * (kind == "refund")


def event(kind: str, product_id: str, user_id: str | None = None, session_id: str | None = None, **more: Any) -> bytes:  # noqa: ANN401
    """Write an event that happens now."""
    given = {"event_id": uuid.uuid4().hex, "event_at": datetime.now(UTC).isoformat(), "event_type": kind}
    whose = {"product_id": product_id, "user_id": user_id, "session_id": session_id or (None if user_id else "nobody")}
    return json.dumps(given | whose | more).encode()


def until(come: Callable[[], bool], otherwise: Callable[[], str], seconds: float = 30) -> float:
    """Wait for something; return how long it took [s]."""
    began = time.perf_counter()
    while not come():
        assert time.perf_counter() - began < seconds, otherwise()
        time.sleep(0.005)
    return time.perf_counter() - began


def arrow_price(given: float) -> Any:  # noqa: ANN401
    """Make a price what the table holds."""
    return pa.scalar(f"{given:.4f}").cast(pa.decimal128(18, 4)).as_py()


def read_event(record: Record) -> Row | None:
    """Read an event as a row; None where it is none."""
    try:
        said = activity.read(record.value, Settings().ingest, datetime.now(UTC))
    except Fault:
        return None
    row = defaultdict(lambda: None, json.loads(record.value or b""))
    at = activity.instant(said["event_at"])
    noted = {name: str(value) for name, value in (row["properties"] or {}).items()}
    return {name: row[name] for name in EVENTS.names} | {"event_at": at, "properties": noted, "price": None}


def _history() -> Iterator[tuple[bytes | None, bytes]]:
    random = np.random.default_rng(1)
    happened = visits(PLAN.shop, random, PLAN.events, PLAN.end - round(PLAN.days * DAY), PLAN.end)
    return Writer(PLAN.shop, happened, PLAN.run).records(arrivals(random, happened, PLAN.shares))


def key(value: bytes) -> bytes:
    try:
        said = json.loads(value)
        return str(said.get("user_id") or said.get("session_id")).encode()
    except (ValueError, AttributeError, RecursionError):  # broken records are of every kind
        return b"broken"
