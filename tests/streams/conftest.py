"""A home of its own for each test, on the shared broker, with a topic that no other test knows."""

import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import boto3
import pytest

from mart.settings import Kinesis, Settings
from tests import bucket
from tests.streams.running import Home


@pytest.fixture
def place() -> str:
    """Where the lake lies: on the disk, or in S3 where a test says so."""
    return "disk"


@pytest.fixture
def settings(broker: Settings, topic: str, tmp_path: Path, home: Path, place: str) -> Iterator[Settings]:
    """The settings that the commands of this test see."""
    kafka = broker.kafka.model_copy(update={"activity": topic})
    lake = tmp_path / "lake"
    on_disk = broker.model_copy(
        update={"home": tmp_path, "lake": str(lake), "checkpoints": f"{lake}/_checkpoints", "kafka": kafka}
    )
    with bucket.moved(on_disk, home) if place == "s3" else nullcontext(on_disk) as settled:
        yield settled


@pytest.fixture
def at_home(settings: Settings) -> Home:
    return Home(settings)


@pytest.fixture
def flowing(aws_up: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose activity comes from a Kinesis stream of two shards, on a lake of their own."""
    aws, stream = aws_up.aws, f"test-{uuid.uuid4().hex[:8]}"
    client = boto3.client("kinesis", region_name=aws.region, endpoint_url=aws.endpoint_url)
    client.create_stream(StreamName=stream, ShardCount=2)
    yield Settings.read(home=tmp_path).model_copy(update={"aws": aws, "kinesis": Kinesis(activity=stream)})
    client.delete_stream(StreamName=stream)
