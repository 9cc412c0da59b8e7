"""`mart poll` as an event source mapping: a real consumer group, real batches, and functions that fail in every way."""

import base64
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import confluent_kafka as ck
import pytest
from click.testing import CliRunner

from mart.cli import main
from mart.edges import kafka, producing, snowflake
from mart.local import poller, services
from mart.local.poller import Failed, Polling
from mart.settings import Settings
from mart.verify import staging
from tests.streams.test_offers_lambda import page

NOW = Polling(batch_size=10, window=0.2, retries=1, available_now=True)


@dataclass
class Counter:
    """A function that takes notes of what it is given and fails as it is told."""

    fails: Callable[[list[dict[str, Any]]], object] = lambda records: None
    batches: list[list[str]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any], context: object) -> object:
        records = [record for listed in event["records"].values() for record in listed]
        self.events.append(event)
        self.batches.append([value(record) for record in records])
        answer = self.fails(records)
        failed = {(i["topic-partition"], i["offset"]) for i in identifiers(answer)}
        self.taken += [
            value(r)
            for r in records
            if not any(f"{r['topic']}-{r['partition']}" == p and r["offset"] >= o for p, o in failed)
        ]
        return answer


def value(record: dict[str, Any]) -> str:
    return "" if record["value"] is None else base64.b64decode(record["value"]).decode()


def identifiers(answer: object) -> Iterable[dict[str, Any]]:
    items = answer["batchItemFailures"] if isinstance(answer, dict) else []
    return [item["itemIdentifier"] for item in items]


def failing_from(name: str, times: int) -> Callable[[list[dict[str, Any]]], object]:
    """Answer that the record of this name fails, so many times."""
    left = [times]

    def fails(records: list[dict[str, Any]]) -> object:
        found = [record for record in records if value(record) == name]
        if not found or not left[0]:
            return None
        left[0] -= 1
        at = {"topic-partition": f"{found[0]['topic']}-{found[0]['partition']}", "offset": found[0]["offset"]}
        return {"batchItemFailures": [{"itemIdentifier": at}]}

    return fails


def raising_on(*names: str) -> Callable[[list[dict[str, Any]]], object]:
    def fails(records: list[dict[str, Any]]) -> object:
        if found := [value(record) for record in records if value(record) in names]:
            raise LookupError(f"can't stand {found[0]}")
        return None

    return fails


@pytest.fixture
def one(broker: Settings) -> Settings:
    """Settings with a topic of one partition."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kafka.create(broker.kafka.brokers, name, partitions=1)
    return broker.model_copy(update={"kafka": broker.kafka.model_copy(update={"product_details": name})})


def fill(settings: Settings, values: Iterable[str]) -> None:
    producing.publish(settings.kafka.brokers, settings.kafka.product_details, ((None, v.encode()) for v in values))


def committed(settings: Settings) -> int:
    topic = settings.kafka.product_details
    reader = ck.Consumer({"bootstrap.servers": settings.kafka.brokers, "group.id": f"mart-poll-{topic}"})
    (at,) = reader.committed([ck.TopicPartition(topic, 0)], timeout=10)
    reader.close()
    return int(at.offset)


def poll(settings: Settings, function: Counter, how: Polling = NOW, stop: Event | None = None) -> list[str]:
    told: list[str] = []
    poller.poll(settings, how, function, stop or Event(), told.append)
    return told


NAMES = [f"n{number}" for number in range(25)]


def test_batches_arrive_in_order_as_lambda_makes_them_and_offsets_are_committed(one: Settings) -> None:
    fill(one, NAMES)
    function = Counter()
    told = poll(one, function)
    assert [len(batch) for batch in function.batches] == [10, 10, 5]
    assert function.taken == NAMES
    assert committed(one) == 25
    topic = one.kafka.product_details
    first = function.events[0]
    assert (first["eventSource"], first["bootstrapServers"]) == ("SelfManagedKafka", one.kafka.brokers)
    record = first["records"][f"{topic}-0"][0]
    assert (record["topic"], record["partition"], record["offset"], record["key"]) == (topic, 0, 0, None)
    assert (record["timestampType"], record["headers"]) == ("CREATE_TIME", [])
    assert abs(record["timestamp"] / 1000 - time.time()) < 60
    assert told[0].startswith(f"{topic}: 10 records, 0 given up")

    later = Counter()
    assert poll(one, later) == []
    assert later.batches == []
    fill(one, ["late"])
    poll(one, later)
    assert later.taken == ["late"]


def test_a_window_gathers_what_comes_within_it(one: Settings) -> None:
    stop, function = Event(), Counter()
    how = Polling(batch_size=100, window=3, retries=0)
    thread = Thread(target=poll, args=(one, function, how, stop))
    thread.start()
    for name in NAMES[:5]:
        fill(one, [name])
    while not function.taken and thread.is_alive():
        time.sleep(0.1)
    stop.set()
    thread.join()
    assert function.batches == [NAMES[:5]]


def test_a_batch_is_no_larger_than_lambda_takes(one: Settings) -> None:
    large = ["x" * 1_500_000] * 4
    fill(one, large)
    function = Counter()
    poll(one, function)
    assert [len(batch) for batch in function.batches] == [2, 2]
    assert function.taken == large


def test_a_partial_answer_commits_up_to_the_failure_and_goes_on_from_there(one: Settings) -> None:
    fill(one, NAMES[:10])
    function = Counter(failing_from("n4", times=2))
    poll(one, function, Polling(batch_size=10, window=0.2, retries=2, available_now=True))
    assert function.batches == [NAMES[:10], NAMES[4:10], NAMES[4:10]]
    assert function.taken == NAMES[:10]
    assert committed(one) == 10


def test_without_an_on_failure_topic_polling_ends_before_what_fails(one: Settings) -> None:
    fill(one, NAMES[:10])
    with pytest.raises(Failed, match=r"partition 0: 6 records from offset 4 on fail: .* --on-failure"):
        poll(one, Counter(failing_from("n4", times=99)))
    assert committed(one) == 4
    function = Counter()
    poll(one, function)
    assert function.taken == NAMES[4:10]


def test_records_that_make_the_function_raise_are_found_by_halves_and_put_aside(one: Settings, topic: str) -> None:
    fill(one, NAMES)
    function = Counter(raising_on("n3", "n17"))
    how = Polling(batch_size=10, window=0.2, retries=1, on_failure=topic, available_now=True)
    poll(one, function, how)
    assert function.taken == [name for name in NAMES if name not in ("n3", "n17")]
    assert committed(one) == 25
    aside = {message.value(): dict(message.headers() or ()) for message in records_of(one, topic)}
    assert aside.keys() == {b"n3", b"n17"}
    assert aside[b"n17"] == {
        "failed-topic": one.kafka.product_details.encode(),
        "failed-partition": b"0",
        "failed-offset": b"17",
        "failed-because": b"LookupError: can't stand n17",
    }


def records_of(settings: Settings, topic: str) -> Iterator[ck.Message]:
    ends = kafka.ends(settings.kafka.brokers, topic)
    reader = ck.Consumer({"bootstrap.servers": settings.kafka.brokers, "group.id": uuid.uuid4().hex})
    reader.assign([ck.TopicPartition(topic, partition, begin) for partition, (begin, _) in ends.items()])
    for _ in range(sum(end - begin for begin, end in ends.values())):
        message = reader.poll(10)
        assert message is not None
        yield message
    reader.close()


def test_what_fails_to_the_end_without_raising_is_put_aside_as_a_whole(one: Settings, topic: str) -> None:
    fill(one, NAMES[:10])
    function = Counter(failing_from("n7", times=99))
    poll(one, function, Polling(batch_size=10, window=0.2, retries=1, on_failure=topic, available_now=True))
    assert function.taken == NAMES[:7]
    assert {message.value() for message in records_of(one, topic)} == {b"n7", b"n8", b"n9"}
    assert committed(one) == 10


def test_an_answer_about_another_batch_fails_the_batch(one: Settings) -> None:
    fill(one, NAMES[:2])
    at = {"topic-partition": f"{one.kafka.product_details}-0", "offset": 999}
    with pytest.raises(Failed, match=r"ValueError: batchItemFailures names what is not in the batch"):
        poll(one, Counter(lambda _: {"batchItemFailures": [{"itemIdentifier": at}]}))
    assert committed(one) == ck.OFFSET_INVALID


def test_two_members_share_a_topic_and_both_end(broker: Settings, topic: str) -> None:
    settings = broker.model_copy(update={"kafka": broker.kafka.model_copy(update={"product_details": topic})})
    values = [f"m{number}" for number in range(400)]
    producing.publish(broker.kafka.brokers, topic, ((v.encode(), v.encode()) for v in values))
    functions = [Counter(), Counter()]
    threads = [Thread(target=poll, args=(settings, function)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert set(functions[0].taken) | set(functions[1].taken) == set(values)


@pytest.fixture
def at_home(home: Path, one: Settings, snowflake_up: Settings) -> dict[str, str]:
    """Variables with which the command polls a topic and fills a database of this test."""
    database = f"T_{uuid.uuid4().hex}".upper()
    with snowflake.connect(snowflake_up) as session:
        session.rows(f"CREATE DATABASE {database}")
    return {
        "MART_KAFKA__PRODUCT_DETAILS": one.kafka.product_details,
        "MART_SNOWFLAKE__DATABASE": database,
        "MART_HOME": str(home),
    }


def start(home: Path, variables: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    program = "from mart.cli.poll import poll; poll()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--home", str(home), *options],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def staged(home: Path, variables: dict[str, str]) -> list[tuple[Any, ...]]:
    with snowflake.connect(own(home, variables)) as session:
        return session.rows("SELECT offset FROM staging.product_details ORDER BY offset")


def own(home: Path, variables: dict[str, str]) -> Settings:
    settings = Settings.read(home=home)
    at = settings.snowflake.model_copy(update={"database": variables["MART_SNOWFLAKE__DATABASE"]})
    to = settings.kafka.model_copy(update={"product_details": variables["MART_KAFKA__PRODUCT_DETAILS"]})
    return settings.model_copy(update={"snowflake": at, "kafka": to})


def test_the_command_brings_a_topic_into_staging(home: Path, one: Settings, at_home: dict[str, str]) -> None:
    fill(one, [page(number).decode() for number in range(250)] + ["poison"])
    out, err = start(home, at_home, "--available-now", "--batch-size", "100", "--json").communicate(timeout=60)
    told = json.loads(out)
    assert {name: told[name] for name in ("records", "failures", "given_up")} == {
        "records": 251,
        "failures": 0,
        "given_up": 0,
    }
    assert "100 records, 0 given up" in err
    assert staged(home, at_home) == [(offset,) for offset in range(250)]
    assert [f.detail for f in staging.verify(own(home, at_home))] == ["251 records loaded, 1 of them rejected"]


@pytest.mark.soak
def test_killed_again_and_again_it_loads_each_record_once(home: Path, one: Settings, at_home: dict[str, str]) -> None:
    fill(one, [page(number).decode() for number in range(300)])
    for batches in (3, 2):
        child = start(home, at_home, "--batch-size", "10")
        assert child.stderr
        said = (line for line in child.stderr if "10 records, 0 given up" in line)
        assert len(list(itertools.islice(said, batches))) == batches
        time.sleep(random.uniform(0, 0.2))  # somewhere in the next batch
        child.send_signal(signal.SIGKILL)
        child.communicate()
    out, err = start(home, at_home, "--available-now", "--json").communicate(timeout=120)
    assert '"given_up": 0' in out, err
    assert staged(home, at_home) == [(offset,) for offset in range(300)]
    assert [f.off for f in staging.verify(own(home, at_home))] == [False]


def test_a_sigterm_finishes_the_batch_at_hand(home: Path, one: Settings, at_home: dict[str, str]) -> None:
    fill(one, [page(number).decode() for number in range(2_000)])
    child = start(home, at_home, "--batch-size", "20", "--json")
    assert child.stderr
    assert "20 records" in child.stderr.readline()
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    taken = json.loads(out)["records"]
    assert 0 < taken < 2_000
    assert committed(one) == taken
    assert len(staged(home, at_home)) == taken


def test_it_waits_for_a_snowflake_that_is_away(one: Settings, tmp_path: Path) -> None:
    """Batch item failures, not an error: what could not be loaded comes again until it can."""
    own_home = tmp_path / "home"
    services.up(own_home, ["snowflake"])
    variables = {
        "MART_KAFKA__BROKERS": one.kafka.brokers,
        "MART_KAFKA__PRODUCT_DETAILS": one.kafka.product_details,
        "MART_SNOWFLAKE__LOGIN_SECONDS": "1",
    }
    fill(one, [page(number).decode() for number in range(30)])
    services.down(own_home)
    child = start(own_home, variables, "--available-now", "--json")
    assert child.stderr
    while "records come again" not in child.stderr.readline():
        assert child.poll() is None
    try:
        services.up(own_home, ["snowflake"])
        out, err = child.communicate(timeout=120)
        told = json.loads(out)
        assert (told["records"], told["given_up"]) == (30, 0), err
        assert told["failures"] >= 1
        with snowflake.connect(Settings.read(home=own_home)) as session:
            assert session.rows("SELECT COUNT(*) FROM staging.product_details") == [(30,)]
    finally:
        services.down(own_home)


def test_usage_that_cannot_end_well_is_told_in_a_line(one: Settings, home: Path) -> None:
    same = CliRunner().invoke(main, ["poll", "--home", str(home), "--on-failure", "product-details"])
    assert same.exit_code == 2
    assert "round in circles" in same.output
    asked = ["--home", str(home), "--on-failure", "no-such-topic", "--available-now"]
    before = dict(os.environ)
    missing = CliRunner().invoke(main, ["poll", *asked])
    os.environ.clear()
    os.environ.update(before)
    assert missing.exit_code == 1
    assert "has no topic 'no-such-topic'" in missing.output
