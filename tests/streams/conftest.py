"""A home of its own for each test, on the shared broker, with a topic that no other test knows."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from mart.local import services
from mart.settings import Aws, Kinesis, Settings
from tests.streams.running import Home

# Spark's Python workers have the environment that Java was started with, maybe by a test before.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def settings(broker: Settings, topic: str, tmp_path: Path) -> Settings:
    """The settings that the commands of this test see."""
    kafka = broker.kafka.model_copy(update={"activity": topic})
    lake = tmp_path / "lake"
    return broker.model_copy(
        update={"home": tmp_path, "lake": str(lake), "checkpoints": f"{lake}/_checkpoints", "kafka": kafka}
    )


@pytest.fixture
def at_home(settings: Settings) -> Home:
    return Home(settings)


@pytest.fixture
def flowing(home: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose activity comes from a Kinesis stream of two shards, on a lake of their own."""
    [status] = services.up(home, ["aws"])
    assert status.state == "up", status.detail
    aws, stream = Settings.read(home=home).aws, f"test-{uuid.uuid4().hex[:8]}"
    client = boto3.client("kinesis", region_name=aws.region, endpoint_url=aws.endpoint_url)
    client.create_stream(StreamName=stream, ShardCount=2)
    yield Settings.read(home=tmp_path).model_copy(
        update={"aws": Aws(endpoint_url=aws.endpoint_url, region=aws.region), "kinesis": Kinesis(activity=stream)}
    )
    client.delete_stream(StreamName=stream)
