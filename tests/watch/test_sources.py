"""The age of a Kinesis iterator that would go on after what the events hold."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.settings import Kinesis, Settings
from mart.tables import EVENTS, LANDING_ACTIVITY
from mart.watch.sources import shards
from tests.watch import tables


@pytest.fixture
def settings(aws_up: Settings, tmp_path: Path) -> Settings:
    """A stream of one shard, and a lake of its own."""
    own = {"aws": aws_up.aws, "kinesis": Kinesis(activity=f"test-{uuid.uuid4().hex[:8]}")}
    found = Settings.read(home=tmp_path).model_copy(update=own)
    client(found).create_stream(StreamName=found.kinesis.activity, ShardCount=1)
    return found


def client(settings: Settings) -> Any:  # noqa: ANN401 boto3 makes its clients at run time
    return boto3.client("kinesis", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)


def age(settings: Settings) -> float:
    [sample] = shards(settings, datetime.now(UTC))
    assert sample.named == {"source": f"kinesis:{settings.kinesis.activity}", "reader": "ingest"}
    return sample.value


def test_the_iterators_age_is_that_of_the_oldest_record_that_has_not_landed(settings: Settings) -> None:
    assert age(settings) == 0
    put = [
        client(settings).put_record(StreamName=settings.kinesis.activity, Data=b"{}", PartitionKey="k")
        for _ in range(3)
    ]
    time.sleep(1.5)
    assert 1 < age(settings) < 120
    rows = [
        row
        | {
            "source": f"kinesis:{settings.kinesis.activity}",
            "partition": one["ShardId"],
            "sequence": one["SequenceNumber"],
        }
        for row, one in zip(tables.landed(0, 3, "not_json"), put, strict=True)
    ]
    stands = tables.append(settings, LANDING_ACTIVITY, rows)
    tables.append(settings, EVENTS, [], ("landing", stands))
    assert age(settings) == 0


def test_without_a_stream_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert list(shards(Settings.read(home=tmp_path), datetime.now(UTC))) == []
