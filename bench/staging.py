"""Rows a second into Snowflake's staging by the Lambda, against inserts row by row and against one bulk COPY of the same rows.

The emulator answers at once and works on this machine, so these are costs of our own way and of statements, not of Snowflake:
there a COPY takes a second or more, whoever sends it, and a single insert some tenths.
"""

import base64
import io
import json
import random
import shutil
import statistics
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from bench import measure
from mart.edges import parquet, snowflake
from mart.edges.snowflake import Warehouse
from mart.local import services
from mart.schema import snowflake as sql
from mart.schema.rows import Row
from mart.settings import Settings
from mart.staging import batch
from mart.staging.events import Place, Record
from mart.staging.function import Function
from mart.tables.staged import PRODUCT_DETAILS

ROWS, INSERTS, RUNS = 30_000, 300, 5
FULL = 5_000  # records of an event that nearly fills the 6 MB of an invocation
SMALL = 500
WORDS = (
    "steel",
    "kettle",
    "wireless",
    "black",
    "large",
    "cotton",
    "garden",
    "lamp",
    "travel",
    "mug",
    "classic",
    "brush",
)
BULK = replace(PRODUCT_DETAILS, name="bulk")
COPY = "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"


def run() -> dict[str, object]:
    """Load the same records in every way, all ways in turn, so that a slow minute of the machine hits each of them."""
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["snowflake"])
    try:
        rates = _rates(Settings.read(home=home), list(_records(ROWS)))
    finally:
        services.down(home)
        shutil.rmtree(home)
    ours = rates[f"lambda, {FULL:,} records an event"]
    return {
        "records": ROWS,
        "rows per second": {way: round(rate) for way, rate in rates.items()},
        "ratio to one bulk COPY of unread records": ours / rates["one bulk COPY of unread records"],
        "ratio to one bulk COPY of the same rows": ours / rates["one bulk COPY of the same rows"],
        "ratio to one bulk COPY of a finished file": ours / rates["one bulk COPY of a finished file"],
        "ratio to inserts row by row": ours / rates["inserts row by row"],
    }


def _rates(settings: Settings, payloads: list[bytes]) -> dict[str, float]:
    """Measure rows a second of each way: medians over the runs."""
    function = Function(settings)
    given = [Record(offset, base64.b64encode(payload).decode()) for offset, payload in enumerate(payloads)]
    rows = batch.read({Place("bulk", 0): given}, settings.ingest).details
    with snowflake.connect(settings) as warehouse:
        warehouse.use_schema("BENCH")
        warehouse.rows(sql.ddl(BULK))
        warehouse.rows("CREATE TEMPORARY STAGE IF NOT EXISTS bulk")
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            f"lambda, {FULL:,} records an event": (ROWS, partial(_invoke, function, given, FULL)),
            f"lambda, {SMALL:,} records an event": (ROWS, partial(_invoke, function, given, SMALL)),
            "one bulk COPY of unread records": (ROWS, lambda: _copy(warehouse, _file(payloads))),
            "one bulk COPY of the same rows": (ROWS, lambda: _copy(warehouse, _strict(settings, given))),
            "one bulk COPY of a finished file": (ROWS, partial(_finished, warehouse, parquet.file(BULK, rows))),
            "inserts row by row": (INSERTS, partial(_insert, warehouse, rows[:INSERTS])),
        }
        seconds = defaultdict(list)
        for number in range(RUNS + 1):
            for way, (_, work) in ways.items():
                spent = measure.seconds(work)
                if number:  # the first round warms up
                    seconds[way].append(spent)
    return {way: ways[way][0] / statistics.median(spent) for way, spent in seconds.items()}


def _records(count: int) -> Iterator[bytes]:
    """Invent records as spiders publish them, every fifth with reviews."""
    chance, seen = random.Random(4), datetime.now(UTC).isoformat()
    for number in range(count):
        title = " ".join(chance.choices(WORDS, k=12))
        yield json.dumps(
            {
                "shop": "shop.example", "offer_id": f"B{number:09}", "seen_at": seen, "sku": f"B{number:09}",
                "url": f"https://shop.example/dp/B{number:09}", "title": title, "brand": title.split()[0],
                "gtin": f"{chance.randrange(10**13):013}", "mpn": f"M-{number}", "category": "Home > Kitchen > Things",
                "price": f"{chance.randrange(100, 99_999) / 100:.2f}", "currency": "EUR", "list_price": None,
                "in_stock": True, "rating": 4.5, "rating_count": chance.randrange(5000), "review_count": 12,
                "image": f"https://img.shop.example/{number}.jpg", "layer": "shop", "crawl_id": "bench",
                "spider": "shop", "http_status": 200, "code_version": "bench", "outcome": "new",
                "reviews": [_review(number, n, title) for n in range(2)] if number % 5 == 0 else [],
            }
        ).encode()  # fmt: skip


def _review(number: int, place: int, title: str) -> Row:
    return {"review_id": f"r{number}-{place}", "rating": 4, "title": "Good", "body": f"{title}. " * 3}


def _invoke(function: Function, records: list[Record], size: int) -> None:
    """Load everything as new, event by event."""
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    given = [{"topic": topic, "partition": 0, "offset": one.offset, "value": one.value} for one in records]
    for begin in range(0, len(given), size):
        event = {"eventSource": "aws:kafka", "records": {f"{topic}-0": given[begin : begin + size]}}
        assert function(event) == {"batchItemFailures": []}


def _file(payloads: list[bytes]) -> io.BytesIO:
    """Make one file of the records as their JSON is: nothing is checked, typed, cleaned or rejected."""
    rows = [json.loads(payload) for payload in payloads]
    for offset, row in enumerate(rows):
        row["reviews"] = json.dumps(row["reviews"])
        row |= {"topic": "bulk", "partition": 0, "offset": offset}
    content = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), content)
    content.seek(0)
    return content


def _strict(settings: Settings, records: list[Record]) -> io.BytesIO:
    """Make one file of the rows that the Lambda makes."""
    return parquet.file(BULK, batch.read({Place("bulk", 0): records}, settings.ingest).details)


def _finished(warehouse: Warehouse, content: io.BytesIO) -> None:
    content.seek(0)
    _copy(warehouse, content)


def _copy(warehouse: Warehouse, content: io.BytesIO) -> None:
    name = f"{uuid.uuid4().hex}.parquet"
    warehouse.put(name, content, "@bulk")
    answers: list[tuple[Any, ...]] = warehouse.rows(f"COPY INTO bulk FROM @bulk/{name} {COPY}")
    assert [answer[3] for answer in answers] == [ROWS]


def _insert(warehouse: Warehouse, rows: list[Row]) -> None:
    names = PRODUCT_DETAILS.names
    statement = f"INSERT INTO bulk ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
    for row in rows:
        warehouse.change(statement, *(row[name] for name in names))
