"""A seeded shop whose records come in portions, and what must have become of those that were sent.

The truth is computed from the generator's own events and from the records' JSON, never by the code under test.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from pyspark.sql import SparkSession

from mart.edges import delta, inbox, kinesis, producing
from mart.replay.generate import Plan, history
from mart.replay.stream import Shares
from mart.replay.truth import TABLES
from mart.schema import Table
from mart.settings import Settings
from mart.tables import ENRICHED_EVENTS, EVENTS, FOLDABLE, LANDING_ACTIVITY
from mart.verify import law, ledger, protocol
from tests.bucket import reaching

BUSINESS = (
    "event_id",
    "event_at",
    "event_type",
    "user_id",
    "session_id",
    "product_id",
    "order_id",
    "quantity",
    "price",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Business = tuple[object, ...]


@dataclass
class Source:
    """Records in order of arrival; `sent` of them have been."""

    folder: Path
    records: list[bytes]
    rejects: dict[int, str]  # place in records: reason
    sent: list[int] = field(default_factory=list)
    repeated: int = 0  # of those sent, the number that were sent before

    @classmethod
    def make(cls, folder: Path, events: int, seed: int) -> "Source":
        """Generate records."""
        plan = Plan(
            shoppers=40,
            products=20,
            events=events,
            days=3,
            seed=seed,
            shares=Shares(bad=0.09, late=0.1, duplicates=0.1),
        )
        history(plan, folder, None, Settings.read(home=folder))
        told = [json.loads(line) for line in (folder / "rejects.jsonl").read_text().splitlines()]
        records = (folder / "activity.jsonl").read_bytes().split(b"\n")[:-1]
        rejects = {reject["record"] - 1: reject["reason"] for reject in told}
        return cls(folder, records, rejects)

    def send(self, settings: Settings, count: int, to: str = "kafka") -> None:
        """Send the next `count` records, to the topic or the stream, or as a file into the inbox."""
        begin = len(self.sent) - self.repeated
        portion = range(begin, min(begin + count, len(self.records)))
        assert portion, "all records have been sent"
        self._send(settings, portion, to)

    def again(self, settings: Settings, count: int, to: str) -> None:
        """Send `count` records once more, as a producer does that lost its answer: all good ones are duplicates."""
        self._send(settings, self.sent[:count], to)
        self.repeated += count

    def rest(self) -> int:
        return len(self.records) - len(self.sent) + self.repeated

    def _send(self, settings: Settings, portion: Sequence[int], to: str) -> None:
        if to == "kafka":
            records = [(self._key(n), self.records[n]) for n in portion]
            if settings.kinesis.activity:
                kinesis.publish(settings, records)
            else:
                producing.publish(settings.kafka.brokers, settings.kafka.activity, records)
        else:
            inbox.write(settings, "activity", f"portion-{len(self.sent)}", [self.records[n] for n in portion])
        self.sent += portion

    def outcomes(self) -> dict[str, int]:
        """Count what must have become of the records sent."""
        counts = Counter(self.rejects.get(n, "event") for n in self.sent)
        distinct = len(self.events())
        return dict(counts | {"event": distinct, "duplicate": counts["event"] - distinct})

    def events(self) -> set[Business]:
        """The distinct events among the records sent, in business columns."""
        return {_business(self.records[n]) for n in self.sent if n not in self.rejects}

    def _key(self, n: int) -> bytes | None:
        if n in self.rejects:
            return None
        event = json.loads(self.records[n])
        return (event["user_id"] if event.get("user_id") else event["session_id"]).encode()


def _business(record: bytes) -> Business:
    event: dict[str, Any] = json.loads(record, parse_float=Decimal)
    at = event["event_at"]
    event["event_at"] = EPOCH + timedelta(milliseconds=at) if isinstance(at, int) else datetime.fromisoformat(at)
    event["price"] = Decimal(event["price"]).quantize(Decimal("0.0001")) if event.get("price") is not None else None
    return tuple(event.get(name) for name in BUSINESS)


def landed(settings: Settings) -> dict[str, int]:
    """Count landing by outcome, as an independent reader sees it."""
    rows = delta.scan(settings, LANDING_ACTIVITY.path)
    return dict(Counter(rows.to_table(columns=["outcome"])["outcome"].to_pylist())) if rows is not None else {}


def events(settings: Settings) -> list[Business]:
    rows = delta.scan(settings, EVENTS.path)
    return (
        [tuple(row.values()) for row in rows.to_table(columns=list(BUSINESS)).to_pylist()] if rows is not None else []
    )


def assert_exact(source: Source, settings: Settings) -> None:
    """Landing and events hold just what was sent: nothing lost, nothing twice."""
    assert landed(settings) == source.outcomes()
    there = events(settings)
    assert len(there) == len(set(there))
    assert set(there) == source.events()


def assert_verified(spark: SparkSession, settings: Settings) -> None:
    """What `mart verify` checks, Snowflake left out: these tests have none."""
    spark = reaching(spark, settings)
    findings = [*ledger.verify(spark, settings), *law.verify(spark, settings), *protocol.verify(settings)]
    assert [finding for finding in findings if finding.off] == []


def assert_served(
    source: Source, settings: Settings, layer: str = "serving", tables: Sequence[Table] = FOLDABLE
) -> None:
    """The tables equal those that DuckDB made of the generator's events; estimates are compared by the law alone."""
    assert source.rest() <= 0, "the truth is that of all records"
    for table in (one for one in tables if one.name in TABLES):  # the generator's shoppers answer no lists
        true = duckdb.sql(f"FROM '{source.folder / table.name}.parquet'").arrow().read_all()
        exact = [name for name in true.schema.names if not table.column(name).fold or not table.column(name).fold.of]
        rows = delta.scan(settings, table.at(layer).path)
        assert rows is not None, f"there is no {layer}.{table.name}"
        assert _rows(rows.to_table(columns=exact).to_pylist()) == _rows(true.select(exact).to_pylist()), table.name


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    plain = [{k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in row.items()} for row in rows]
    return sorted(map(str, plain))


def assert_enriched(settings: Settings) -> None:
    """Each event is there, and once."""
    identity = ["event_id", "event_at"]
    made, rows = (delta.scan(settings, table.path) for table in (EVENTS, ENRICHED_EVENTS))
    assert made is not None
    assert rows is not None
    enriched = rows.to_table(columns=identity).to_pylist()
    assert sorted(map(str, enriched)) == sorted(map(str, made.to_table(columns=identity).to_pylist()))
