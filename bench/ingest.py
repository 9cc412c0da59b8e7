"""Ingest with every guarantee, against parsing alone (the ceiling) and against a hand-written consumer without any."""

import shutil
import tempfile
import uuid
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import confluent_kafka as ck
import pyarrow as pa
from deltalake import write_deltalake
from pydantic import BaseModel, Field, ValidationError
from pyspark.sql import SparkSession

from bench import measure
from mart import job
from mart.edges import kafka
from mart.local import services
from mart.replay import generate
from mart.replay.stream import Shares
from mart.settings import Settings
from mart.views import activity, sources

EVENTS, RUNS = 600_000, 3


class Event(BaseModel):
    """The business columns of processed.events, as a consumer of one page would read them."""

    event_id: str
    event_type: str
    event_at: datetime
    user_id: str | None = None
    session_id: str | None = None
    product_id: str
    order_id: str | None = None
    quantity: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    price: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)] | None = None
    currency: str | None = None
    rating: float | None = None
    category: str | None = None
    brand: str | None = None
    recommendation_id: str | None = None
    properties: dict[str, str] | None = None


SCHEMA = pa.schema(
    [
        (name, {"event_at": pa.timestamp("us", "UTC"), "quantity": pa.int32(), "price": pa.decimal128(18, 4),
                "rating": pa.float64(), "properties": pa.map_(pa.string(), pa.string())}.get(name, pa.string()))
        for name in Event.model_fields
    ]
)  # fmt: skip


def run() -> dict[str, object]:
    """Measure all three on the same records of one topic."""
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["kafka"])
    try:
        settings = Settings.read(home=home)
        plan = generate.Plan(events=EVENTS, shares=Shares(bad=0.02, late=0.05, duplicates=0.05))
        records = generate.history(plan, home / "generated", "kafka", settings)
        spark = job.session(settings, "bench")
        _ingest(spark, settings, "warm")
        with measure.peak() as memory:
            ours = measure.median(RUNS, lambda number: _ingest(spark, settings, str(number)))
        parse = measure.median(RUNS, lambda _: _parse(spark, settings))
        spark.stop()
        with measure.peak() as lean:
            plain = measure.median(RUNS, lambda number: _consume(settings, home / f"plain-{number}"))
    finally:
        services.down(home)
        shutil.rmtree(home)
    return {
        "records": records["records"],
        "seconds": {"ingest": ours, "parse to noop": parse, "hand-written consumer": plain},
        "ratio to parse alone": parse / ours,
        "ratio to the consumer": plain / ours,
        "memory_mb": {"driver": memory.java, "python": memory.python, "consumer": lean.python},
    }


def _ingest(spark: SparkSession, settings: Settings, name: str) -> None:
    """Drain the topic into a fresh lake."""
    lake = f"{settings.lake}-{name}-{uuid.uuid4().hex[:6]}"
    fresh = settings.model_copy(update={"lake": lake, "checkpoints": f"{lake}/_checkpoints"})
    stream = job.load("streaming/ingest_activity")(spark, fresh, job.Options(available_now=True))
    assert stream
    while not stream.wait(1):
        pass
    shutil.rmtree(lake)


def _parse(spark: SparkSession, settings: Settings) -> None:
    reader = spark.read.format("kafka").option("kafka.bootstrap.servers", settings.kafka.brokers)
    records = sources.stamped(reader.option("subscribe", settings.kafka.activity).load())
    parsed = activity.parse(sources.from_kafka(records), settings.ingest)
    parsed.write.format("noop").mode("overwrite").save()


def _consume(settings: Settings, place: Path) -> None:
    """What many would write: poll, validate, append. A bad line is dropped, a crash repeats or loses a batch."""
    left = sum(end - begin for begin, end in kafka.ends(settings.kafka.brokers, settings.kafka.activity).values())
    group = {"group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = ck.Consumer({"bootstrap.servers": settings.kafka.brokers, "fetch.message.max.bytes": 10_000_000} | group)
    consumer.subscribe([settings.kafka.activity])
    rows: list[dict[str, object]] = []
    while left:
        messages = consumer.consume(50_000, timeout=2)
        left -= len(messages)
        for message in messages:
            try:
                rows.append(Event.model_validate_json(message.value() or b"").model_dump())
            except ValidationError:
                continue
        if rows and (len(rows) >= 50_000 or not left):
            write_deltalake(str(place), pa.Table.from_pylist(rows, SCHEMA), mode="append")
            rows = []
    consumer.close()
