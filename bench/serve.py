"""Serving: from a click, sent to Kafka, until the shopper's list has changed, while others click and ask.

`mart serve` runs as it would in a shop, over a lake of 50,000 products x 64 factors; one process sends 500 events/s, threads ask
for 100 lists/s over HTTP, and a shopper clicks the first product of the own list and asks until it is gone from there.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import psutil
import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake

from bench import measure
from mart.edges import arrow, kafka, producing, recording, registry
from mart.local import services
from mart.local.ports import free, recorded
from mart.schema import Table
from mart.settings import Als, Settings
from mart.tables import EVENTS, INTERACTIONS, ITEM_FACTORS, PRODUCTS

PRODUCTS_, RANK, SHOPPERS, PAIRS = 50_000, 64, 20_000, 25
EVENTS_A_SECOND, ASKS_A_SECOND, WARM, COUNTED = 500, 100, 10.0, 60.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKERS = 8
PATIENCE = 300.0  # seconds for the service to start


def run() -> dict[str, object]:
    """Measure in a fresh home."""
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["kafka"])
    try:
        settings = Settings.read(home=home)
        _fill(settings)
        return _measured(settings)
    finally:
        services.down(home)
        shutil.rmtree(home)


def _measured(settings: Settings) -> dict[str, object]:
    port = free(settings.home, recorded(settings.home).values())
    command = [sys.executable, "-c", "from mart.cli import main; main()", "serve", "--home", str(settings.home)]
    with subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL) as served:
        try:
            took, asked = _under_load(settings, f"http://127.0.0.1:{port}")
            resident = psutil.Process(served.pid).memory_info().rss / 1e6
        finally:
            served.terminate()
    sizes = {"products": PRODUCTS_, "rank": RANK, "shoppers": SHOPPERS, "pairs": SHOPPERS * PAIRS}
    load = {"events_per_second": EVENTS_A_SECOND, "asks_per_second": len(asked) / COUNTED}
    lists = {"ask_ms": _spread(asked)}
    return (
        sizes
        | load
        | {"click_to_changed_list_ms": _spread(took), "clicks": len(took)}
        | lists
        | {"server_mb": resident}
    )


def _under_load(settings: Settings, url: str) -> tuple[list[float], list[float]]:
    """Click and ask while others do; seconds of each."""
    stop, took, asked = threading.Event(), list[float](), list[float]()
    with httpx.Client(base_url=url, timeout=30) as client:
        _until_ready(client)
        threads = [threading.Thread(target=_send, args=(settings, stop))]
        threads += [threading.Thread(target=_ask, args=(url, number, stop, asked)) for number in range(ASKERS)]
        for thread in threads:
            thread.start()
        with producing.Producer(settings.kafka.brokers) as producer:
            _click(settings, producer, client, WARM)
            asked.clear()
            took = _click(settings, producer, client, COUNTED)
        counted = asked.copy()
        stop.set()
        for thread in threads:
            thread.join()
    return took, counted


def _click(settings: Settings, producer: producing.Producer, client: httpx.Client, seconds: float) -> list[float]:
    """Click what stands first, and ask until it is gone; a new shopper each time, so that lists stay short."""
    end, took = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        user = f"u{np.random.default_rng().integers(SHOPPERS)}"
        first = _list(client, user)[0]
        began = time.perf_counter()
        producer.send(settings.kafka.activity, _event(first, user), user.encode())
        producer.flush()
        while first in _list(client, user):
            time.sleep(0.005)
        took.append(time.perf_counter() - began)
    return took


def _send(settings: Settings, stop: threading.Event) -> None:
    def events() -> Iterator[kafka.Record]:
        dice = np.random.default_rng(1)
        while not stop.is_set():
            user = f"u{dice.integers(SHOPPERS)}"
            yield user.encode(), _event(f"p{dice.integers(PRODUCTS_)}", user)

    producing.publish(settings.kafka.brokers, settings.kafka.activity, events(), EVENTS_A_SECOND)


def _ask(url: str, number: int, stop: threading.Event, asked: list[float]) -> None:
    dice = np.random.default_rng(number)
    with httpx.Client(base_url=url, timeout=30) as client:
        for _ in producing.paced(iter(lambda: stop.is_set(), True), ASKS_A_SECOND / ASKERS):
            user = f"u{dice.integers(SHOPPERS)}"
            asked.append(measure.seconds(partial(_list, client, user)))


def _list(client: httpx.Client, user: str) -> list[str]:
    answer = client.get(f"/users/{user}/recommendations").raise_for_status().json()
    return [item["product_id"] for item in answer["items"]]


def _until_ready(client: httpx.Client) -> None:
    end, said = time.monotonic() + PATIENCE, "nothing"
    while time.monotonic() < end:
        try:
            answer = client.get("/ready")
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        if answer.status_code == 200:
            return
        said = answer.text
        time.sleep(0.2)
    raise RuntimeError(f"the service did not become ready: {said}")


def _event(product: str, user: str) -> bytes:
    said = {"event_id": uuid.uuid4().hex, "event_at": datetime.now(UTC).isoformat(), "event_type": "view"}
    return json.dumps(said | {"product_id": product, "user_id": user, "session_id": f"s-{user}"}).encode()


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": 1000 * cuts[49], "p95": 1000 * cuts[94], "p99": 1000 * cuts[98]}


def _fill(settings: Settings) -> None:
    """Write a lake, made up: its tables as they are declared, its model registered."""
    dice, ids = np.random.default_rng(1), [f"p{number}" for number in range(PRODUCTS_)]
    shelf = {"product_id": ids, "title": [f"Title of {one}" for one in ids], "in_stock": [True] * PRODUCTS_}
    shelf |= {
        "category": [f"d{n % 8}.c{n % 40}" for n in range(PRODUCTS_)],
        "brand": [f"b{n % 50}" for n in range(PRODUCTS_)],
    }
    _write(settings, PRODUCTS, shelf)
    als = Als(rank=RANK)
    version = recording.register(
        settings, lambda: None, 0, {}, {}, registry.lineage(als, NOW, SHOPPERS, PRODUCTS_, "bench")
    )
    registry.release(settings, version, registry.CHAMPION)
    factors = dice.normal(0, 0.1, (PRODUCTS_, RANK)).astype(np.float32).tolist()
    made = {"model_version": [version] * PRODUCTS_, "made_from_version": [0] * PRODUCTS_}
    _write(settings, ITEM_FACTORS, {"product_id": ids, **made, "factors": factors})
    _write(settings, EVENTS, {})
    pairs = SHOPPERS * PAIRS
    bought = {
        "user_id": [f"u{n // PAIRS}" for n in range(pairs)],
        "product_id": [ids[n * 7919 % PRODUCTS_] for n in range(pairs)],
    }
    counts = {name: dice.integers(0, 3, pairs) for name in ("views", "cart_adds", "purchases", "quantity")}
    _write(
        settings,
        INTERACTIONS.at("batch"),
        bought | counts | dict.fromkeys(("first_at", "last_at"), [NOW] * pairs),
        ("events", 0),
    )


def _write(settings: Settings, table: Table, columns: dict[str, object], at: tuple[str, int] | None = None) -> None:
    rows = len(next(iter(columns.values()), []))  # type: ignore[arg-type]
    given = {c.name: pa.array(columns.get(c.name, [None] * rows), arrow.of(c.type)) for c in table.columns}
    frontier = CommitProperties(app_transactions=[Transaction(*at)] if at else None)
    by = list(table.partition) or None
    write_deltalake(f"{settings.lake}/{table.path}", pa.table(given), partition_by=by, commit_properties=frontier)
