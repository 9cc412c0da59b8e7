"""Crawls that publish to Kafka: keys and records, rejects, and a broker that dies in the middle."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mart.edges import kafka
from mart.local import kafka as broker_service
from mart.local import processes, services
from mart.settings import Settings
from mart.sightings import key
from tests.scrapers.crawling import Crawls, ended
from tests.scrapers.wild import Wild, product, served


@pytest.fixture
def wild() -> Iterator[Wild]:
    with served() as wild:
        yield wild


@pytest.fixture
def crawls(wild: Wild, tmp_path: Path, broker: Settings, topic: str) -> Crawls:
    kafka.create(broker.kafka.brokers, f"{topic}-rejects", partitions=1)
    topics = {"product_details": topic, "product_details_rejects": f"{topic}-rejects"}
    return Crawls(tmp_path / "home", [f"{wild.url}/"], name="wild", kafka={"brokers": broker.kafka.brokers} | topics)


def published(broker: Settings, topic: str) -> list[tuple[bytes | None, dict[str, object]]]:
    brokers, found = broker.kafka.brokers, []
    for partition, (begin, end) in kafka.ends(brokers, topic).items():
        records = [kafka.record_at(brokers, topic, partition, offset) for offset in range(begin, end)]
        found += [(record[0], json.loads(record[1] or b"")) for record in records if record]
    return found


def test_items_go_to_the_topic_by_their_key_and_rejects_to_theirs(
    wild: Wild, crawls: Crawls, broker: Settings, topic: str
) -> None:
    wild.page("/2", product("2", '"price": "12.50"', lang="en"))
    wild.shop("/1", "/2", "/3", "/4")
    assert crawls.run().counts("new", "rejects") == (3, 1)
    records = published(broker, topic)
    assert Counter(k for k, _ in records) == Counter(key("127.0.0.1", sku) for sku in ("/1", "/3", "/4"))
    assert {record["outcome"] for _, record in records} == {"new"}
    ((reject_key, reject),) = published(broker, f"{topic}-rejects")
    assert (reject_key, reject["url"], reject["reason"]) == (key("127.0.0.1", "2"), f"{wild.url}/2", "out_of_range")

    assert crawls.run().counts("unchanged", "rejects") == (3, 1)
    assert Counter(record["outcome"] for _, record in published(broker, topic)) == {"new": 3, "unchanged": 3}


def test_what_a_file_has_been_told_is_new_to_the_topic(crawls: Crawls, wild: Wild) -> None:
    wild.shop("/1", "/2", "/3", "/4")
    assert crawls.run("--to", str(crawls.home / "first.jsonl")).counts("new", "unchanged") == (4, 0)
    assert crawls.run().counts("new", "unchanged") == (4, 0)


@pytest.mark.soak
def test_a_broker_that_dies_in_the_middle_costs_nothing(
    wild: Wild, crawls: Crawls, broker: Settings, topic: str, home: Path
) -> None:
    paths = [f"/{number}" for number in range(60)]
    wild.shop(*paths)
    crawls.shop = {"delay_seconds": 0.05}
    child = crawls.begin()
    while len(wild.paths) < 6:
        time.sleep(0.02)
        assert child.poll() is None
    (process,) = processes.find(broker_service.SERVICE.mark(home.resolve()))
    process.kill()
    time.sleep(4)
    assert child.poll() is None
    waiting = len(wild.paths)
    assert waiting < 60  # it does not run on with nobody to tell
    (status,) = services.up(home, ["kafka"])
    assert status.state == "up"
    done = ended(child)
    assert (done.code, done.counts("new", "errors")) == (0, (60, 0)), done.err
    found = Counter(k for k, _ in published(broker, topic))
    assert found == Counter(key("127.0.0.1", path) for path in paths)


def test_a_broker_or_a_topic_that_is_not_there_is_said_at_the_start(crawls: Crawls, wild: Wild) -> None:
    wild.shop("/1", "/2", "/3", "/4")
    crawls.kafka = crawls.kafka | {"product_details": "nobody-made-it"}
    done = crawls.run()
    assert (done.code, "no topic 'nobody-made-it'" in done.err, wild.asked) == (1, True, [])
