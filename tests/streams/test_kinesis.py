"""Kinesis as Kafka: the same records, the same law; and what Kinesis alone does: shards that split and merge, packed records."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pyarrow as pa
import pytest
from aws_kinesis_agg.aggregator import RecordAggregator
from pyspark.sql import SparkSession

from mart import job
from mart.delivery.positions import Refused
from mart.edges import delta, kinesis, kinesis_source, lake
from mart.edges.kinesis_records import Record
from mart.edges.kinesis_source import Reader, Slice, noted, walk
from mart.edges.shards import Place, Stream, StreamError
from mart.settings import Aws, Settings
from mart.settings import Kinesis as KinesisSettings
from mart.tables import LANDING_ACTIVITY
from mart.verify import ledger
from tests.kinesis import answering
from tests.streams.shards import Kinesis, serving
from tests.streams.truth import Source, assert_exact

JOBS = ("streaming/ingest_activity",)


def client(settings: Settings) -> Any:  # noqa: ANN401
    return boto3.client("kinesis", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)


def ingest(spark: SparkSession, settings: Settings) -> None:
    """Take what is there."""
    stream = job.load("streaming/ingest_activity")(spark, settings, job.Options(available_now=True))
    assert stream
    while not stream.wait(1):
        pass


def put(settings: Settings, count: int, first: int = 0) -> None:
    rows = [(f"u{n}".encode(), json.dumps({"n": n}).encode()) for n in range(first, first + count)]
    kinesis.publish(settings, rows)


def opened(settings: Settings, endpoint: str | None = None) -> Stream:
    return Stream(settings.kinesis.activity, settings.aws.region, endpoint or settings.aws.endpoint_url)


def reader(settings: Settings, most: int, start: dict[str, Place] | None = None) -> Reader:
    where = {"stream": settings.kinesis.activity, "region": settings.aws.region, "endpoint": settings.aws.endpoint_url}
    return Reader(where | {"start": json.dumps(noted(start or {})), "most": str(most)})


def rows(settings: Settings, one: Slice) -> list[Record]:
    return [record for page in opened(settings).read(one.shard, one.begin, one.end) for record in page]


def test_what_is_put_lands_once_while_shards_split_merge_and_expire(tmp_path: Path, spark: SparkSession) -> None:
    stream = Kinesis(shards=2)
    with serving(stream) as address:
        settings = Settings.read(home=tmp_path).model_copy(
            update={"aws": Aws(endpoint_url=address), "kinesis": KinesisSettings(activity="activity")}
        )
        source = Source.make(tmp_path / "shop", events=400, seed=1)
        lake.ensure(spark, settings, LANDING_ACTIVITY)
        source.send(settings, 100)
        ingest(spark, settings)
        assert_exact(source, settings)

        first, second = (one.name for one in stream.shards)
        source.send(settings, 60)
        stream.split(first)
        source.send(settings, 60)
        ingest(spark, settings)  # the parent to its end
        ingest(spark, settings)  # then its children
        assert_exact(source, settings)

        left, right = (one.name for one in stream.shards[2:])
        stream.merge(left, right)
        stream.expire(first)
        source.send(settings, source.rest())
        ingest(spark, settings)
        ingest(spark, settings)
        assert_exact(source, settings)
    assert [finding for finding in ledger.verify(spark, settings) if finding.off] == []
    landed = delta.scan(settings, LANDING_ACTIVITY.path)
    assert landed is not None
    table = landed.to_table(columns=["source", "partition", "sequence"])
    assert set(table["source"].to_pylist()) == {"kinesis:activity"}
    assert set(table["partition"].to_pylist()) == {first, second, left, right, stream.shards[-1].name}
    assert None not in table["sequence"].to_pylist()


def test_a_child_waits_until_its_parents_have_been_read(tmp_path: Path) -> None:
    stream = Kinesis(shards=1)
    with serving(stream) as address:
        settings = Settings.read(home=tmp_path).model_copy(
            update={"aws": Aws(endpoint_url=address), "kinesis": KinesisSettings(activity="activity")}
        )
        put(settings, 30)
        stream.split(stream.shards[0].name)
        put(settings, 30, first=30)
        reading = reader(settings, most=20)
        end, batches = reading.initialOffset(), []
        while (further := reading.latestOffset()) != end:
            batches.append([(one.shard, len(rows(settings, one))) for one in reading.partitions(end, further)])
            end = further
    parent, *children = (one.name for one in stream.shards)
    assert batches[:2] == [[(parent, 20)], [(parent, 10)]]
    assert {shard for batch in batches[2:] for shard, _ in batch} == {*children}
    assert sum(count for batch in batches for _, count in batch) == 60


def test_a_micro_batch_has_its_end_before_it_is_read_and_reads_the_same_again(flowing: Settings) -> None:
    put(flowing, 500)
    reading = reader(flowing, most=100)
    start = reading.initialOffset()
    end = reading.latestOffset()
    put(flowing, 300, first=500)
    slices = reading.partitions(start, end)
    first = [rows(flowing, one) for one in slices]
    assert 90 <= sum(map(len, first)) <= 110
    again = reader(flowing, most=10)  # another process, planned before it began
    assert [rows(flowing, one) for one in again.partitions(start, end)] == first
    assert [[one.ordinal for one in part] for part in first] == [list(range(len(part))) for part in first]

    seen = {one.data for part in first for one in part}
    while (further := reading.latestOffset()) != end:
        for one in reading.partitions(end, further):
            seen |= {record.data for record in rows(flowing, one)}
        end = further
    assert seen == {json.dumps({"n": n}).encode() for n in range(800)}
    assert [batch.num_rows for one in slices for batch in reading.read(one)] == [len(part) for part in first]


def test_what_the_driver_has_read_goes_along_and_is_not_read_again(
    flowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(flowing, 300)
    reading = reader(flowing, most=1_000)
    start, end = reading.initialOffset(), reading.latestOffset()
    sent, planned_before = (one.partitions(start, end) for one in (reading, reader(flowing, most=1_000)))
    asked = list[Slice]()
    monkeypatch.setattr(Stream, "read", lambda *_: asked.append(sent[0]) or iter(()))
    carried = [pa.Table.from_batches(reading.read(one)) for one in sent]
    assert asked == []
    monkeypatch.undo()
    assert [one.parcel for one in planned_before] == [None, None]
    assert [pa.Table.from_batches(reading.read(one)) for one in planned_before] == carried
    assert sum(table.num_rows for table in carried) == 300

    monkeypatch.setattr(kinesis_source, "LARGEST", 1_000)
    too_much = reader(flowing, most=1_000)
    assert [one.parcel for one in too_much.partitions(start, too_much.latestOffset())] == [None, None]


def test_records_that_a_producer_packed_together_land_one_by_one(flowing: Settings) -> None:
    packed = RecordAggregator()
    for n in range(5):
        packed.add_user_record(f"u{n}", json.dumps({"n": n}).encode())
    key, _, data = packed.clear_and_get().get_contents()
    there = client(flowing)
    there.put_record(StreamName=flowing.kinesis.activity, PartitionKey=key, Data=data)
    there.put_record(StreamName=flowing.kinesis.activity, PartitionKey=key, Data=b'{"n": 5}')
    reading = reader(flowing, most=4)  # a packed record is taken whole
    start, end = reading.initialOffset(), reading.latestOffset()
    [one] = reading.partitions(start, end)
    found = rows(flowing, one)
    assert [(r.ordinal, r.key, json.loads(r.data)["n"]) for r in found] == [(n, f"u{n}", n) for n in range(5)]
    assert len({r.sequence for r in found}) == 1
    [one] = reading.partitions(end, reading.latestOffset())
    assert [(r.ordinal, json.loads(r.data)["n"]) for r in rows(flowing, one)] == [(5, 5)]


def test_a_stream_that_was_made_anew_is_refused_and_a_loss_can_be_accepted(
    flowing: Settings, spark: SparkSession
) -> None:
    put(flowing, 20)
    ingest(spark, flowing)
    there, name = client(flowing), flowing.kinesis.activity
    there.delete_stream(StreamName=name)
    there.create_stream(StreamName=name, ShardCount=2)
    put(flowing, 3)
    with pytest.raises(Refused, match=r"the stream was made anew.*kinesis\.accept_loss = true"):
        ingest(spark, flowing)
    landed = delta.scan(flowing, LANDING_ACTIVITY.path)
    assert landed is not None
    assert landed.count_rows() == 20
    ingest(spark, flowing.model_copy(update={"kinesis": KinesisSettings(activity=name, accept_loss=True)}))
    ingest(spark, flowing)
    landed = delta.scan(flowing, LANDING_ACTIVITY.path)
    assert landed is not None
    assert landed.count_rows() == 23
    assert [finding for finding in ledger.verify(spark, flowing) if finding.off] == []


def test_a_stream_that_is_not_there_is_said_in_one_line(flowing: Settings, spark: SparkSession) -> None:
    absent = flowing.model_copy(update={"kinesis": KinesisSettings(activity="nowhere")})
    with pytest.raises(StreamError, match=r"'nowhere' can't be read .*see \[kinesis\]"):
        ingest(spark, absent)
    unreachable = absent.model_copy(update={"aws": Aws(endpoint_url="http://127.0.0.1:9")})
    with pytest.raises(StreamError, match="can't be read"):
        Stream("s", "eu-central-1", unreachable.aws.endpoint_url).shards()


class Throttling:
    """Kinesis, which refuses every second GetRecords."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.asked = upstream, 0

    def answer(self, action: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        self.asked += action == "GetRecords"
        if action == "GetRecords" and self.asked % 2:
            return 400, b'{"__type": "ProvisionedThroughputExceededException", "message": "slow"}'
        with urlopen(Request(self.upstream, body, headers), timeout=10) as answer:
            return 200, answer.read()


def test_throttling_is_waited_for(flowing: Settings) -> None:
    put(flowing, 40)
    throttling = Throttling(flowing.aws.endpoint_url)
    with answering(throttling.answer) as address:
        stream = opened(flowing, address)
        slices = [walk(stream, shard, Place(), 1_000) for shard in stream.shards()]
        found = [one.data for each in slices for page in stream.read(each.shard, each.begin, each.end) for one in page]
    assert len(found) == len(set(found)) == 40
    assert throttling.asked > 4
