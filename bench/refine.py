"""What refine takes for one new crawl on a small history and on one ten times as long, of the same offers."""

import base64
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from bench import measure
from mart import job
from mart.local import services
from mart.refine.run import refine
from mart.settings import Settings
from mart.staging.function import Function

OFFERS, SHOPS = 3_000, 3
SMALL, TIMES, CRAWLS = 3, 10, 5  # days of the small history, how much longer the large one is, crawls that are timed
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("kettle", "lamp", "brush", "mug", "chair", "rug", "clock", "radio", "scarf", "knife", "towel", "stool")


def run() -> dict[str, object]:
    """Time new crawls on both histories, each in a home of its own."""
    found = {name: _measure(days) for name, days in (("small", SMALL), ("large", SMALL * TIMES))}
    return {
        "offers": OFFERS,
        "sightings of the history": {"small": OFFERS * SMALL, "large": OFFERS * SMALL * TIMES},
        "seconds for a new crawl": found,
        "ratio large to small": found["large"] / found["small"],
    }


def _measure(days: int) -> float:
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["snowflake"])
    settings = Settings.read(home=home)
    spark = job.session(settings, "bench refine")
    try:
        return _crawls(spark, settings, days)
    finally:
        spark.stop()
        services.down(home)
        shutil.rmtree(home)


def _crawls(spark: SparkSession, settings: Settings, days: int) -> float:
    """Build a history in one run, one crawl more to warm up, then time new ones."""
    function = Function(settings)
    for day in range(days):
        _stage(function, day)
    refine(spark, settings)
    _stage(function, days)
    refine(spark, settings)

    def crawl(number: int) -> None:
        refine(spark, settings)
        _stage(function, days + number + 2)

    _stage(function, days + 1)
    return measure.median(CRAWLS, crawl)


def _stage(function: Function, day: int) -> None:
    """Stage a crawl: every offer once, every fifth at another price than the day before."""
    records = [
        {
            "topic": "bench",
            "partition": 0,
            "offset": day * OFFERS + number,
            "value": base64.b64encode(json.dumps(one).encode()).decode(),
        }
        for number, one in enumerate(_sightings(day))
    ]
    event = {"eventSource": "aws:kafka", "records": {"bench-0": records}}
    assert function(event) == {"batchItemFailures": []}


def _sightings(day: int) -> Iterator[dict[str, Any]]:
    for number in range(OFFERS):
        shop, thing = f"shop{number % SHOPS}.example", number // SHOPS
        cents = 1_000 + thing * 7 % 9_000 + 50 * ((day + number) // 5 % 7)
        yield {
            "shop": shop, "offer_id": f"A{thing}", "url": f"https://{shop}/A{thing}", "crawl_id": f"{shop}-{day}",
            "seen_at": (BEGIN + timedelta(days=day, seconds=number)).isoformat(), "brand": f"Brand{thing % 50}",
            "title": f"Brand{thing % 50} {WORDS[thing % 12]} {WORDS[thing // 12 % 12]} M{thing * 37:05}",
            "gtin": _gtin(thing) if thing % 2 else None, "mpn": f"M{thing * 37:05}", "price": f"{cents / 100:.2f}",
            "currency": "EUR", "in_stock": True, "outcome": "changed", "http_status": 200,
        }  # fmt: skip


def _gtin(number: int) -> str:
    """Make a number with a right check digit."""
    digits = f"40{number:010}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)
