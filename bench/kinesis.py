"""Our Kinesis source in Spark against a bare boto3 reader of the same stream, four shards each, served by moto."""

import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from pyspark.sql import SparkSession

from bench import measure
from mart import job
from mart.edges import feeds
from mart.local import services
from mart.replay import generate
from mart.replay.stream import Shares
from mart.settings import Kinesis, Settings

EVENTS, SHARDS, RUNS = 200_000, 4, 3


def run() -> dict[str, object]:
    """Measure both, turn by turn, on a stream that is full before."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")  # moto takes any
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    services.up(home, ["aws"])
    try:
        settings = Settings.read(home=home).model_copy(update={"kinesis": Kinesis(activity="activity")})
        records = _filled(settings, home / "generated")
        spark = job.session(settings, "bench")
        assert (_bare(settings), _ours(spark, settings)[0]) == (records, records)
        bare, whole, batch = zip(*(_turn(spark, settings) for _ in range(RUNS)), strict=True)
        spark.stop()
    finally:
        services.down(home)
        shutil.rmtree(home)
    middle = {"bare boto3 reader": median(bare), "query": median(whole), "its micro-batch": median(batch)}
    return {
        "records": records,
        "shards": SHARDS,
        "seconds": middle,
        "ratio source to bare boto3": middle["bare boto3 reader"] / middle["its micro-batch"],
        "ratio with the query's start": middle["bare boto3 reader"] / middle["query"],
    }


def _turn(spark: SparkSession, settings: Settings) -> tuple[float, float, float]:
    """Read with both; give the seconds of the bare reader, of the query, and of its micro-batch alone."""
    bare = measure.seconds(lambda: _bare(settings))
    begun = time.perf_counter()
    _, batch = _ours(spark, settings)
    return bare, time.perf_counter() - begun, batch


def _filled(settings: Settings, folder: Path) -> int:
    """Make a stream and put a shop's activity into it."""
    client = _client(settings)
    client.create_stream(StreamName=settings.kinesis.activity, ShardCount=SHARDS)
    plan = generate.Plan(events=EVENTS, shares=Shares(bad=0.02, late=0.05, duplicates=0.05))
    return int(generate.history(plan, folder, "kinesis", settings)["records"])


def _bare(settings: Settings) -> int:
    """Read every shard to its end, a thread each, and keep what was read."""
    client = _client(settings)
    shards = [one["ShardId"] for one in client.list_shards(StreamName=settings.kinesis.activity)["Shards"]]
    with ThreadPoolExecutor(SHARDS) as pool:
        return sum(
            len(found) for found in pool.map(lambda shard: _shard(client, settings.kinesis.activity, shard), shards)
        )


def _shard(client: Any, stream: str, shard: str) -> list[bytes]:  # noqa: ANN401 boto3 makes its classes at run time
    at = client.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found: list[bytes] = []
    while True:
        page = client.get_records(ShardIterator=at, Limit=10_000)
        found += [one["Data"] for one in page["Records"]]
        at = page["NextShardIterator"]
        if not page["MillisBehindLatest"] and not page["Records"]:
            return found


def _ours(spark: SparkSession, settings: Settings) -> tuple[int, float]:
    """Read everything that is there as a micro-batch; give its records, and the seconds that it took."""
    frame = feeds.kinesis(spark, settings, {}, most=2**31 - 1)
    query = frame.writeStream.format("noop").trigger(availableNow=True).start()
    query.awaitTermination()
    batches = query.recentProgress
    return sum(one["numInputRows"] for one in batches), sum(
        one["durationMs"]["triggerExecution"] for one in batches
    ) / 1000


def _client(settings: Settings) -> Any:  # noqa: ANN401
    return boto3.client("kinesis", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)
