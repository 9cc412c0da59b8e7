"""The collector's outlet to Kinesis, against moto's server; against a server of our own where moto never says no."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.edges.collecting import Busy
from mart.edges.kinesis import MOST_RECORDS, KinesisOutlet
from mart.settings import Api, Aws, Kinesis, Settings
from tests.kinesis import answering, json_of

STREAM = "activity"


pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def stream(aws_up: Settings, topic_name: str) -> Iterator[tuple[Settings, Any]]:
    """Settings whose activity goes to a stream of two shards, and a client to look into it."""
    client = boto3.client("kinesis", region_name=aws_up.aws.region, endpoint_url=aws_up.aws.endpoint_url)
    client.create_stream(StreamName=topic_name, ShardCount=2)
    yield aws_up.model_copy(update={"kinesis": Kinesis(activity=topic_name)}), client
    client.delete_stream(StreamName=topic_name)


@pytest.fixture
def topic_name(request: pytest.FixtureRequest) -> str:
    return f"s-{abs(hash(request.node.name))}"


@pytest.fixture
def outlet(stream: tuple[Settings, Any]) -> Iterator[KinesisOutlet]:
    outlet = KinesisOutlet(stream[0])
    outlet.start()
    yield outlet
    outlet.stop()


def held(client: Any, name: str) -> dict[str, list[tuple[str, bytes]]]:  # noqa: ANN401
    """All that a stream holds, by shard: (key, data)."""
    found = {}
    for shard in client.list_shards(StreamName=name)["Shards"]:
        at = client.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        rows = client.get_records(ShardIterator=at["ShardIterator"], Limit=10_000)["Records"]
        found[shard["ShardId"]] = [(row["PartitionKey"], row["Data"]) for row in rows]
    return found


def test_what_is_confirmed_is_in_the_stream_a_shoppers_events_in_order(
    outlet: KinesisOutlet, stream: tuple[Settings, Any]
) -> None:
    assert outlet.lacks() == []
    sent = [(f"u{n % 7}".encode(), f'{{"n":{n}}}'.encode()) for n in range(2 * MOST_RECORDS + 3)]
    outlet.send(sent).result(30)
    assert outlet.waiting == 0
    shards = held(stream[1], stream[0].kinesis.activity)
    assert all(shards.values()), "both shards are used"
    rows = [row for one in shards.values() for row in one]
    for user in range(7):
        mine = [data for key, data in rows if key == f"u{user}"]
        assert mine == [payload for key, payload in sent if key == f"u{user}".encode()]


def test_keys_of_every_kind_are_taken(outlet: KinesisOutlet, stream: tuple[Settings, Any]) -> None:
    keys = [b"", "é".encode() * 300, b"\xff", b"u"]
    outlet.send([(key, b"{}") for key in keys]).result(30)
    assert sum(map(len, held(stream[1], stream[0].kinesis.activity).values())) == len(keys)


def test_no_stream_is_told_and_found_when_it_comes(home: Path, stream: tuple[Settings, Any]) -> None:
    settings, client = stream
    outlet = KinesisOutlet(settings.model_copy(update={"kinesis": Kinesis(activity="later")}))
    outlet.start()
    with pytest.raises(Busy, match=r"later.*see \[kinesis\]"):
        outlet.send([(b"u", b"{}")])
    client.create_stream(StreamName="later", ShardCount=1)
    deadline = time.monotonic() + 10
    while outlet.lacks():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    outlet.send([(b"u", b"{}")]).result(10)
    outlet.stop()
    client.delete_stream(StreamName="later")


class Throttling:
    """A Kinesis that takes one record of a request, and throttles the others."""

    def __init__(self) -> None:
        self.taken, self.takes = list[bytes](), 1

    def answer(self, action: str, body: bytes, _: dict[str, str]) -> tuple[int, bytes]:
        if action == "DescribeStreamSummary":
            return json_of({"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}})
        records = json.loads(body)["Records"]
        self.taken += [base64.b64decode(one["Data"]) for one in records[: self.takes]]
        refused = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}
        said = [{"SequenceNumber": "1", "ShardId": "0"} for _ in records[: self.takes]]
        said += [refused] * len(records[self.takes :])
        return json_of({"FailedRecordCount": len(records) - self.takes, "Records": said})


@pytest.fixture
def throttling() -> Throttling:
    return Throttling()


@pytest.fixture
def throttled(throttling: Throttling) -> Iterator[Settings]:
    with answering(throttling.answer) as address:
        yield Settings(aws=Aws(endpoint_url=address), kinesis=Kinesis(activity=STREAM), api=Api(most_waiting=5))


def test_what_is_throttled_is_tried_again_and_nothing_is_sent_twice(
    throttled: Settings, throttling: Throttling
) -> None:
    outlet = KinesisOutlet(throttled)
    outlet.start()
    outlet.send([(b"u", b"1"), (b"u", b"2"), (b"u", b"3")]).result(10)
    outlet.stop()
    assert throttling.taken == [b"1", b"2", b"3"]


def test_who_is_throttled_too_long_comes_again_and_too_many_wait_outside(
    throttled: Settings, throttling: Throttling
) -> None:
    throttling.takes = 0
    outlet = KinesisOutlet(throttled, patience=0.5)
    outlet.start()
    waiting: Future[None] = outlet.send([(b"u", b"1")] * 4)
    with pytest.raises(Busy, match="4 events wait"):
        outlet.send([(b"u", b"2")] * 2)
    with pytest.raises(Busy, match="not every event was confirmed: Kinesis stream activity: ProvisionedThroughput"):
        waiting.result(10)
    assert outlet.waiting == 0
    outlet.stop()
