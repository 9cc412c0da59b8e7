"""A watch over a lake in S3: its figures and its memory, also while the lake is away. No Spark; test_lake.py watches what jobs have made."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from mart.local import services
from mart.settings import Settings
from mart.tables import EVENTS, SALES
from mart.watch import memory
from tests.watch import tables
from tests.watch.watching import desk


@pytest.fixture
def aws(tmp_path: Path, credentials: None) -> Iterator[Path]:
    """A home whose emulator of AWS is nobody else's, for it goes down."""
    yield tmp_path / "aws"
    services.down(tmp_path / "aws")


def lake(aws: Path) -> Settings:
    """Bring a lake up that has a bucket and nothing in it."""
    [status] = services.up(aws, ["aws"])
    assert status.state == "up", status.detail
    told = Settings.read(home=aws)
    s3 = boto3.client("s3", region_name=told.aws.region, endpoint_url=told.aws.endpoint_url)
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": told.aws.region})
    return told.model_copy(update={"lake": "s3a://lake/all"})


def test_figures_are_told_and_remembered_also_while_the_lake_is_away(aws: Path) -> None:
    settings = lake(aws)
    tables.land(settings, 0, 190)
    stands = tables.land(settings, 190, 20, "bad_type")
    version = tables.append(settings, EVENTS, tables.events(0, 190), ("landing", stands))
    tables.append(settings, SALES.at("serving"), [], ("events", version))
    tables.append(settings, EVENTS, tables.events(500, 3))
    with desk(settings, "landing", "ledger", "freshness") as one:
        assert one.look(minutes=1) == ["ledger (processed.events)", "rejects (landing.activity)"]
        assert one.values("mart_reject_share") == {("landing.activity",): pytest.approx(20 / 210)}
        assert one.values("mart_ledger_difference_records") == {("processed.events",): 3}
        assert 60 <= one.values("mart_freshness_seconds")["serving.sales",] < 120
        known = list(one.seen[-1].raised)
    with desk(settings, "jobs") as other:  # another process, say: it goes on from what is remembered
        assert other.look(minutes=2) == []
        assert other.seen[-1].raised == memory.load(settings).raised == known
        services.down(aws)
        assert other.look(minutes=3) == []
        assert other.look(minutes=6) == ["unwatched (jobs and 1 more)"]
        assert other.values("mart_unwatched") == {("jobs",): 1, ("market",): 1, ("memory",): 1}
        lake(aws)  # in memory, so nothing is in it any more
        assert other.look(minutes=7) == []
        assert memory.load(settings).raised == other.seen[-1].raised
        assert [state.alarm for state in memory.load(settings).raised] == [
            "ledger",
            "rejects",
            "unwatched",
            "unwatched",
        ]
