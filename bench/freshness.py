"""Freshness: from an event's production until it is seen, under a steady rate, against a plain append without guarantees.

Seen are the answer for `popularity` (batch and speed folded on read) and the materialised serving.popularity: an event is
visible when a commit's frontier covers the version of events that holds it. Versions and commit times come from the logs.
"""

import json
import multiprocessing
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow.parquet
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from bench import measure
from mart import job
from mart.delivery.stream import Stream
from mart.edges import feeds, kafka
from mart.local import services
from mart.replay import generate
from mart.settings import Settings
from mart.views import activity, sources

Seen = Callable[[], dict[str, dict[str, float]]]
Start = Callable[[SparkSession, Settings], tuple[job.Running, Seen]]

RATE, WARM, COUNTED = 1_000, 180.0, 90.0  # events/s, seconds


def run() -> dict[str, object]:
    """Measure the plain query, then ours, each in a fresh home and a fresh Java, at the same rate."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as alone:
        plain, _ = alone.submit(_measured, _plain).result()
        ours, memory = alone.submit(_measured, _live).result()
    return {
        "events_per_second": RATE,
        "warm_up_seconds": WARM,
        "plain": plain["events"],
        "visible in the answer": ours["speed"],
        "materialised": ours["serving"],
        "ratio p99 answer": ours["speed"]["p99"] / plain["events"]["p99"],
        "ratio p99 materialised": ours["serving"]["p99"] / plain["events"]["p99"],
        "memory_mb": memory,
    }


def _measured(start: Start) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["kafka"])
    settings = Settings.read(home=home)
    spark = job.session(settings, "bench")
    try:
        with measure.peak() as memory:
            running, seen = start(spark, settings)
            plan = generate.Plan(shoppers=5_000, products=2_000, events=round(RATE * (WARM + COUNTED)))
            produce = threading.Thread(target=lambda: generate.live(plan, settings, RATE))
            produce.start()
            while produce.is_alive():
                running.wait(0.5)
            time.sleep(10)
            running.stop()
        return seen(), {"driver": memory.java, "python": memory.python}
    finally:
        spark.stop()
        services.down(home)
        shutil.rmtree(home)


def _plain(spark: SparkSession, settings: Settings) -> tuple[job.Running, Seen]:
    """Kafka to Delta with the same parsing: no outcomes, no dedupe, no positions, no speed, no serving."""
    place = f"{settings.lake}/plain"
    start = dict.fromkeys(kafka.ends(settings.kafka.brokers, settings.kafka.activity), 0)
    records = sources.from_kafka(sources.stamped(feeds.kafka(spark, settings, settings.kafka.activity, start)))

    def append(parsed: DataFrame, _: int) -> None:
        parsed.write.format("delta").mode("append").save(place)

    stream = Stream(settings, job.Options())
    stream.add(activity.parse(records, settings.ingest), "plain", append)
    return stream, lambda: {"events": _ages(_commits(place), place)}


def _live(spark: SparkSession, settings: Settings) -> tuple[job.Running, Seen]:
    stream = job.load("streaming/live")(spark, settings, job.Options())
    assert stream

    def seen() -> dict[str, dict[str, float]]:
        events = f"{settings.lake}/processed/events"
        return {
            layer: _ages(_frontiers(f"{settings.lake}/{layer}/popularity"), events) for layer in ("speed", "serving")
        }

    return stream, seen


def _commits(place: str) -> dict[int, float]:
    """Commit time of each version [s]: when its log entry appeared."""
    logs = Path(place, "_delta_log").glob("*.json")
    return {int(log.stem): log.stat().st_mtime for log in logs}


def _frontiers(place: str) -> dict[int, float]:
    """When each version of events became visible in a table that follows them."""
    return {
        DeltaTable(place, version).transaction_version("events") or 0: at for version, at in _commits(place).items()
    }


def _ages(visible: dict[int, float], events: str) -> dict[str, float]:
    """Percentiles of visible - produced [s] over the events produced after the warm-up."""
    ages: list[float] = []
    frontiers = sorted(visible)
    first = min(_commits(events).values()) + WARM
    for version in range(1, DeltaTable(events).version() + 1):
        cover = next((f for f in frontiers if f >= version), None)
        if cover is not None:
            produced = _produced(events, version)
            ages += [visible[cover] - at for at in produced if at >= first]
    shown = np.percentile(ages, [50, 99])
    return {"p50": float(shown[0]), "p99": float(shown[1]), "events": len(ages)}


def _produced(events: str, version: int) -> list[float]:
    """Times of the events that one version added."""
    log = Path(events, "_delta_log", f"{version:020}.json")
    added = [json.loads(line)["add"]["path"] for line in log.read_text().splitlines() if line.startswith('{"add"')]
    tables = [pyarrow.parquet.read_table(f"{events}/{path}", columns=["event_at"]) for path in added]
    return [value.timestamp() for table in tables for value in table["event_at"].to_pylist() if value]
