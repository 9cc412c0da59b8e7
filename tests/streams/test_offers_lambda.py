"""The Lambda that loads product pages into Snowflake's staging: event shapes, replays, kills, two at once, Snowflake away."""

import base64
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from mart.edges import snowflake
from mart.edges.snowflake import Refused, Warehouse
from mart.local import mapping, poller, services
from mart.settings import Settings
from mart.staging import batch, events
from mart.staging.events import NoKafkaEvent, Place, Record
from mart.staging.function import Function
from mart.tables.staged import PRODUCT_DETAILS
from mart.verify import staging
from mart.verify.finding import Finding

LAMBDA = Path(__file__).parents[2] / "jobs" / "streaming" / "offers_lambda.py"
SEEN_AT = datetime.now(UTC).replace(microsecond=123456) - timedelta(hours=1)
TOPIC = "product-details"
Item = dict[str, Any]


def page(number: int, **given: object) -> bytes:
    """A sound record of the topic."""
    sighting = {"shop": "shop.example", "offer_id": f"p{number}", "seen_at": SEEN_AT.isoformat()}
    address = {"url": f"https://shop.example/p/{number}", "title": f"Thing {number}"}
    return json.dumps(sighting | address | {"price": "19.99", "currency": "EUR"} | given).encode()


def item(offset: int, value: bytes | None, partition: int = 0, topic: str = TOPIC) -> Item:
    """A record as Lambda gets it."""
    return {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": 1_763_719_200_000,
        "timestampType": "CREATE_TIME",
        "key": base64.b64encode(b"shop.example/p").decode(),
        "value": None if value is None else base64.b64encode(value).decode(),
        "headers": [{"crawl": [99, 49]}],
    }


def event(*items: Item, source: str = "aws:kafka") -> dict[str, Any]:
    records: dict[str, list[Item]] = {}
    for one in items:
        records.setdefault(f"{one['topic']}-{one['partition']}", []).append(one)
    servers = {"bootstrapServers": "b-1.example:9092"}
    arn = {"eventSourceArn": "arn:aws:kafka:eu-central-1:123456789012:cluster/mart/uuid"}
    return {"eventSource": source, "records": records} | servers | (arn if source == "aws:kafka" else {})


def pages(first: int, last: int, partition: int = 0, topic: str = TOPIC) -> list[Item]:
    return [item(offset, page(offset), partition, topic) for offset in range(first, last + 1)]


ALL_WELL: dict[str, list[object]] = {"batchItemFailures": []}


def failures(*places: tuple[str, int]) -> dict[str, object]:
    return {"batchItemFailures": [{"itemIdentifier": {"topic-partition": p, "offset": o}} for p, o in places]}


@dataclass
class Staging:
    """A Snowflake database of one test, a function that loads into it, and the statements it has sent."""

    settings: Settings
    sent: list[str] = field(default_factory=list)
    invoke: Function = field(init=False)

    def __post_init__(self) -> None:
        self.invoke = self.function()

    def connect(self, settings: Settings) -> AbstractContextManager[Warehouse]:
        return snowflake.connect(settings, self.sent.append)

    def function(self) -> Function:
        """A function as after a cold start."""
        return Function(self.settings, connect=self.connect)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with snowflake.connect(self.settings) as session:
            return session.rows(query)

    def offsets(self) -> list[tuple[int, int]]:
        return self.rows("SELECT partition, offset FROM staging.product_details ORDER BY partition, offset")

    def loads(self) -> list[tuple[int, ...]]:
        names = "partition, first_offset, last_offset, staged, rejected"
        return self.rows(f"SELECT {names} FROM staging.loads ORDER BY partition, first_offset")

    def verify(self) -> list[Finding]:
        return [finding for finding in staging.verify(self.settings) if finding.off]


@pytest.fixture
def stage(snowflake_up: Settings, tmp_path: Path) -> Staging:
    return Staging(_own_database(snowflake_up).model_copy(update={"lake": str(tmp_path / "lake")}))


def _own_database(settings: Settings) -> Settings:
    name = f"T_{uuid.uuid4().hex}".upper()
    with snowflake.connect(settings) as session:
        session.rows(f"CREATE DATABASE {name}")
    at = settings.snowflake.model_copy(update={"database": name, "backoff_seconds": 0.2})
    return settings.model_copy(update={"snowflake": at})


@pytest.mark.parametrize("source", ["aws:kafka", "SelfManagedKafka"])
def test_records_of_an_event_arrive_with_their_coordinates(stage: Staging, source: str) -> None:
    reviews = [{"review_id": "r1", "rating": 4.5, "body": " Good\nand  cheap ", "reviewed_at": "2026-01-02T03:04:05Z"}]
    first = item(
        7, page(1, reviews=reviews, in_stock=True, rating=4.5, rating_count=12, layer="shop", crawl_id="c1"), 3
    )
    assert stage.invoke(event(first, item(8, page(2), 3), item(0, page(3), 0), source=source)) == ALL_WELL
    (row,) = stage.rows("SELECT * FROM staging.product_details WHERE partition = 3 AND offset = 7")
    found = dict(zip(PRODUCT_DETAILS.names, row, strict=True))
    assert datetime.now(UTC).replace(tzinfo=None) - found.pop("received_at") < timedelta(minutes=1)
    said = json.loads(found.pop("reviews"))
    assert said == [
        {"review_id": "r1", "rating": 4.5, "title": None, "body": "Good and cheap", "author_hash": None,
         "reviewed_at": "2026-01-02T03:04:05+00:00"}
    ]  # fmt: skip
    present = {name: value for name, value in found.items() if value is not None}
    assert present == {
        "topic": TOPIC, "partition": 3, "offset": 7, "shop": "shop.example", "offer_id": "p1",
        "seen_at": SEEN_AT.replace(tzinfo=None), "url": "https://shop.example/p/1", "title": "Thing 1",
        "price": Decimal("19.9900"), "currency": "EUR", "in_stock": True, "rating": 4.5, "rating_count": 12,
        "layer": "shop", "crawl_id": "c1",
    }  # fmt: skip
    assert stage.loads() == [(0, 0, 0, 1, 0), (3, 7, 8, 2, 0)]


def test_texts_are_cleaned_and_nothing_is_invented() -> None:
    given = page(
        1, title=" Cafe\u0301  au\u00a0lait\n", brand=" ", gtin=" 4006381333931 ", mpn=" A 1", currency=" eur "
    )
    value = base64.b64encode(given).decode()
    (row,) = batch.read({Place(TOPIC, 0): [Record(0, value)]}, Settings().ingest).details
    assert row["title"] == "Caf\u00e9 au lait"
    assert row["brand"] is None
    assert (row["gtin"], row["mpn"], row["currency"]) == ("4006381333931", "A 1", "EUR")
    assert [row[name] for name in ("sku", "category", "list_price", "in_stock", "rating")] == [None] * 5
    assert row["reviews"] == "[]"


def test_a_poison_record_becomes_a_reject_and_takes_no_other_along(stage: Staging) -> None:
    half = page(1).replace(b"Thing 1", b"Thing \\ud800")
    poison = {
        1: (b"\xff\x00no json", "not_json"),
        2: (None, "not_json"),
        3: (page(1, shop=None), "missing_field"),
        4: (page(1, price="-1"), "out_of_range"),
        5: (page(1, seen_at="2999-01-01T00:00:00Z"), "from_the_future"),
        6: (half, "out_of_range"),
        7: (page(1, rating_count="many"), "bad_type"),
        8: (page(1, price=1).replace(b'"price": 1', b'"price": "\\ud800"'), "bad_type"),
        9: (b"x" * 1_000_001, "too_large"),
    }
    records = [item(offset, value) for offset, (value, _) in poison.items()]
    no_base64 = item(10, b"") | {"value": "~"}
    assert stage.invoke(event(item(0, page(0)), *records, no_base64, item(11, page(11)))) == ALL_WELL
    assert stage.offsets() == [(0, 0), (0, 11)]
    found = stage.rows("SELECT offset, payload, reason FROM staging.rejects WHERE offset < 10 ORDER BY offset")
    assert [(o, base64.b64decode(p) if p else p, r) for o, p, r in found] == [(o, v, r) for o, (v, r) in poison.items()]
    ((last, detail),) = stage.rows("SELECT payload, detail FROM staging.rejects WHERE offset = 10")
    assert (last, detail) == ("~", "the event has it in no base64")
    assert stage.loads() == [(0, 0, 11, 2, 10)]


def test_records_out_of_order_or_twice_are_loaded_once(stage: Staging) -> None:
    shuffled = [item(offset, page(offset)) for offset in (3, 1, 2, 2, 0)]
    assert stage.invoke(event(*shuffled)) == ALL_WELL
    assert stage.offsets() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert stage.loads() == [(0, 0, 3, 4, 0)]


def test_a_replayed_batch_adds_nothing_and_an_overlapping_one_what_is_new(stage: Staging) -> None:
    stage.invoke(event(*pages(0, 4), item(5, b"poison")))
    assert stage.invoke(event(*pages(0, 4), item(5, b"poison"))) == ALL_WELL
    stage.rows("DELETE FROM staging.product_details WHERE offset < 4")  # as refine does with what it has taken in
    assert stage.function()(event(*pages(0, 4), item(5, b"poison"), *pages(6, 7))) == ALL_WELL
    assert stage.offsets() == [(0, 4), (0, 6), (0, 7)]
    assert stage.loads() == [(0, 0, 5, 5, 1), (0, 6, 7, 2, 0)]
    assert stage.rows("SELECT COUNT(*) FROM staging.rejects") == [(1,)]


def test_offsets_that_were_never_given_do_not_count_as_loaded(stage: Staging) -> None:
    stage.invoke(event(*pages(0, 1), *pages(5, 6)))
    stage.invoke(event(*pages(0, 9)))
    assert stage.offsets() == [(0, offset) for offset in range(10)]
    assert stage.loads() == [(0, 0, 1, 2, 0), (0, 2, 4, 3, 0), (0, 5, 6, 2, 0), (0, 7, 9, 3, 0)]


def test_topics_are_told_apart(stage: Staging) -> None:
    assert stage.invoke(event(*pages(0, 1), *pages(0, 2, topic="other"))) == ALL_WELL
    assert stage.rows("SELECT topic, COUNT(*) FROM staging.product_details GROUP BY topic ORDER BY topic") == [
        ("other", 3),
        (TOPIC, 2),
    ]


def test_what_is_no_kafka_event_is_refused() -> None:
    for strange in ({}, {"eventSource": "aws:kafka"}, {"Records": [{"eventSource": "aws:sqs"}]}):
        with pytest.raises(NoKafkaEvent, match="eventSource is"):
            events.records(strange)


def test_warm_invocations_share_a_session_and_no_ddl_stands_in_a_transaction(stage: Staging) -> None:
    stage.invoke(event(*pages(0, 1), item(2, b"poison")))
    begin, commit = stage.sent.index("BEGIN"), stage.sent.index("COMMIT")
    inside = [statement.split()[0] for statement in stage.sent[begin + 1 : commit]]
    assert inside == ["UPDATE", "SELECT", "COPY", "COPY", "INSERT"]
    stage.sent.clear()
    stage.invoke(event(*pages(3, 4)))
    assert [statement.split()[0] for statement in stage.sent] == [
        "SELECT", "SELECT", "PUT", "BEGIN", "UPDATE", "SELECT", "COPY", "INSERT", "COMMIT"
    ]  # fmt: skip
    stage.sent.clear()
    stage.invoke(event(*pages(3, 4)))
    assert [statement.split()[0] for statement in stage.sent] == ["SELECT", "SELECT"]


@pytest.mark.parametrize("point", ["PUT", "BEGIN", "UPDATE", "COPY", "INSERT INTO loads", "COMMIT"])
def test_an_invocation_killed_at_any_point_leaves_nothing_half_done(stage: Staging, point: str) -> None:
    stage.invoke(event(*pages(0, 4)))
    batch = event(*pages(3, 9), item(10, b"poison"), *pages(0, 5, partition=1))
    child = multiprocessing.get_context("spawn").Process(target=_killed, args=(stage.settings, batch, point))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert stage.offsets() == [(0, offset) for offset in range(5)]
    patient(stage, batch)  # for the lock of the child that was killed
    assert stage.offsets() == [*((0, offset) for offset in range(10)), *((1, offset) for offset in range(6))]
    assert stage.loads() == [(0, 0, 4, 5, 0), (0, 5, 10, 5, 1), (1, 0, 5, 6, 0)]
    assert stage.verify() == []


def _killed(settings: Settings, batch: dict[str, Any], point: str) -> None:
    Function(settings, connect=partial(snowflake.connect, observe=partial(_die_before, point)))(batch)


def _die_before(point: str, statement: str) -> None:
    if statement.startswith(point):
        os.kill(os.getpid(), signal.SIGKILL)


def patient(stage: Staging, batch: dict[str, Any]) -> None:
    """Bring a batch again until nothing of it fails, as an event source mapping does."""
    for _ in range(20):
        if stage.invoke(batch) == ALL_WELL:
            return
    raise AssertionError("it never came through")


def test_of_two_invocations_at_once_with_the_same_records_one_loads_them(stage: Staging) -> None:
    """Both have seen that nothing is loaded yet, and both have put their file, when the first may go on."""
    together = threading.Barrier(2, timeout=20)
    batch = event(*pages(0, 9), *pages(0, 3, partition=1))
    answers: list[object] = []

    def wait(met: list[str], statement: str) -> None:
        if statement == "BEGIN" and not met:
            met.append(statement)
            together.wait()

    def invoke() -> None:
        function = Function(stage.settings, connect=partial(snowflake.connect, observe=partial(wait, [])))
        answers.append(function(batch))

    assert stage.invoke(event(*pages(0, 0, topic="other"))) == ALL_WELL  # makes the tables
    both = [threading.Thread(target=invoke) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    patient(stage, batch)
    assert len(answers) == 2
    stage.rows("DELETE FROM staging.product_details WHERE topic = 'other'")
    stage.rows("DELETE FROM staging.loads WHERE topic = 'other'")
    assert stage.offsets() == [*((0, offset) for offset in range(10)), *((1, offset) for offset in range(4))]
    assert stage.loads() == [(0, 0, 9, 10, 0), (1, 0, 3, 4, 0)]


def test_a_turn_that_stands_there_twice_keeps_nobody_out_and_lets_nobody_in_twice(stage: Staging) -> None:
    """Snowflake enforces no keys: two first invocations may both add a row."""
    stage.invoke(event(*pages(0, 1)))
    stage.rows("INSERT INTO staging._turns (topic, partition, turn) VALUES ('product-details', 0, 0)")
    assert stage.invoke(event(*pages(0, 3))) == ALL_WELL
    assert stage.offsets() == [(0, offset) for offset in range(4)]


def test_what_cannot_be_loaded_now_is_answered_from_its_first_offset_on(snowflake_up: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = {"port": taken.getsockname()[1], "login_seconds": 1, "tries": 2, "backoff_seconds": 0.1}
        settings = snowflake_up.model_copy(update={"snowflake": snowflake_up.snowflake.model_copy(update=away)})
        answer = Function(settings)(event(*pages(17, 19), *pages(3, 5, partition=2)))
    assert answer == failures((f"{TOPIC}-0", 17), (f"{TOPIC}-2", 3))


def test_a_topic_partition_that_cannot_be_loaded_leaves_the_others_alone(stage: Staging) -> None:
    """Somebody holds the lock of one turn."""
    stage.invoke(event(*pages(0, 0), *pages(0, 0, partition=1)))
    with snowflake.connect(stage.settings) as other, other.transaction():
        other.change("UPDATE staging._turns SET turn = turn WHERE partition = 0")
        stop = threading.Event()
        alive = threading.Thread(target=_keep_alive, args=(other, stop))
        alive.start()
        try:
            answer = stage.invoke(event(*pages(1, 2), *pages(1, 2, partition=1)))
        finally:
            stop.set()
            alive.join()
    assert answer == failures((f"{TOPIC}-0", 1))
    assert stage.offsets() == [(0, 0), (1, 0), (1, 1), (1, 2)]
    assert stage.invoke(event(*pages(1, 2))) == ALL_WELL


def _keep_alive(session: Warehouse, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        session.rows("SELECT 1")


def test_a_session_that_went_stale_is_replaced(snowflake_up: Settings, own_home: Path) -> None:
    """The server starts anew between two warm invocations; it no longer knows the session."""
    settings = _up(own_home)
    stage = Staging(settings)
    assert stage.invoke(event(*pages(0, 1))) == ALL_WELL
    services.down(own_home)
    assert _up(own_home).snowflake.port == settings.snowflake.port
    assert stage.invoke(event(*pages(1, 2))) == ALL_WELL
    assert stage.offsets() == [(0, 0), (0, 1), (0, 2)]


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    services.down(tmp_path / "home")


def _up(home: Path) -> Settings:
    assert [one.state for one in services.up(home, ["snowflake"])] == ["up"]
    return Settings.read(home=home)


def test_settings_that_cannot_work_raise(stage: Staging, tmp_path: Path) -> None:
    at = stage.settings.snowflake.model_copy(update={"private_key_file": tmp_path / "none.pem"})
    with pytest.raises(Refused, match=r"none\.pem can't be used: No such file"):
        Function(stage.settings.model_copy(update={"snowflake": at}))(event(*pages(0, 1)))


def test_a_table_of_another_shape_raises_and_is_left_alone(stage: Staging) -> None:
    stage.rows("CREATE SCHEMA staging")
    stage.rows("CREATE TABLE staging.loads (topic VARCHAR NOT NULL, mine VARCHAR)")
    with pytest.raises(Refused, match=r"another table staging\.loads than declared: mine is not declared"):
        stage.invoke(event(*pages(0, 1), *pages(0, 1, partition=1)))


@pytest.mark.usefixtures("credentials")
def test_the_private_key_may_come_from_secrets_manager(services: Settings) -> None:
    settings = _own_database(services)
    assert settings.snowflake.private_key_file
    name = f"key-{uuid.uuid4().hex}"
    at = {"region_name": settings.aws.region, "endpoint_url": settings.aws.endpoint_url}
    key = settings.snowflake.private_key_file.read_text()
    boto3.client("secretsmanager", **at).create_secret(Name=name, SecretString=key)
    keyless = settings.snowflake.model_copy(update={"private_key_file": None, "private_key_secret": name})
    function = Function(settings.model_copy(update={"snowflake": keyless}))
    assert function(event(*pages(0, 1))) == ALL_WELL
    absent = keyless.model_copy(update={"private_key_secret": "no-such-secret"})
    with (
        pytest.raises(Refused, match=r"its private key can't be had: Secrets Manager: get_secret_value no-such-secret"),
        snowflake.connect(settings.model_copy(update={"snowflake": absent})),
    ):
        pass


def test_the_handler_is_configured_by_variables_and_starts_without_spark(stage: Staging, tmp_path: Path) -> None:
    program = """
import importlib.util, json, sys, time
start = time.perf_counter()
spec = importlib.util.spec_from_file_location("offers_lambda", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
imported = time.perf_counter() - start
answer = module.handler(json.load(sys.stdin), None)
fat = [name for name in ("pyspark", "delta", "deltalake", "mlflow", "duckdb") if name in sys.modules]
print(json.dumps({"answer": answer, "fat": fat, "import seconds": round(imported, 2)}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(LAMBDA)],
        input=json.dumps(event(*pages(0, 2))),
        env={**os.environ, **poller.environment(stage.settings)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    print(f"import: {said['import seconds']} s")
    assert said["answer"] == ALL_WELL
    assert said["fat"] == []
    assert stage.offsets() == [(0, 0), (0, 1), (0, 2)]
    assert callable(mapping.function(LAMBDA))


def land(stage: Staging, outcomes: dict[tuple[int, int], str]) -> None:
    """Write what ingest would have landed."""
    rows = [
        {"source": f"kafka:{TOPIC}", "partition": str(p), "offset": f"{o:020}", "outcome": outcome}
        for (p, o), outcome in outcomes.items()
    ]
    write_deltalake(f"{stage.settings.lake}/landing/offers", pa.Table.from_pylist(rows), mode="overwrite")


def test_verify_compares_up_to_where_both_have_come(stage: Staging) -> None:
    assert [finding.detail for finding in staging.verify(stage.settings)] == ["nothing staged yet"]
    stage.invoke(event(*pages(0, 2)))
    stage.invoke(event(item(3, b"poison"), *pages(4, 5)))
    assert stage.verify() == []  # nothing has landed yet
    land(stage, {(0, 0): "event", (0, 1): "event", (0, 2): "duplicate"})
    assert stage.verify() == []  # landing lags behind
    more = {(0, o): "event" for o in range(4, 9)}
    land(stage, {(0, 0): "event", (0, 1): "event", (0, 2): "duplicate", (0, 3): "not_json"} | more | {(1, 0): "event"})
    assert stage.verify() == []  # staging lags behind
    assert staging.verify(stage.settings)[-1].detail == "6 records loaded, 1 of them rejected"


def test_verify_finds_what_one_side_lacks_or_judged_otherwise(stage: Staging) -> None:
    stage.invoke(event(*pages(0, 1), *pages(4, 9), *pages(5, 6, partition=1)))
    landed = {(0, o): "event" for o in (*range(7), *range(8, 10))} | {(0, 1): "not_json"}
    land(stage, landed | {(1, o): "event" for o in range(4, 7)})
    subject = f"{TOPIC}, partition"
    assert {(finding.subject, finding.detail) for finding in stage.verify()} == {
        (f"{subject} 0", "offsets 2 to 3 were never loaded"),
        (f"{subject} 0", "2 offsets landed, but were never loaded: 2, 3"),
        (f"{subject} 0", "1 offsets were rejected on one side only: 1"),
        (f"{subject} 0", "1 offsets are loaded, but never landed"),
        (f"{subject} 1", "1 offsets landed, but were never loaded: 4"),
    }


def test_verify_finds_offsets_loaded_twice_or_lost(stage: Staging) -> None:
    stage.invoke(event(*pages(0, 9)))
    stage.rows("INSERT INTO staging.loads SELECT topic, partition, 5, 12, 8, 0, loaded_at FROM staging.loads")
    assert [finding.detail for finding in stage.verify()] == ["18 records are loaded as offsets 0 to 12"]


def test_verify_without_a_snowflake_says_so() -> None:
    assert [(finding.detail, finding.off) for finding in staging.verify(Settings())] == [
        ("none in the settings: nothing to compare", False)
    ]
