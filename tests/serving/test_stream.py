"""The engine behind Kinesis: what test_engine says of a topic holds of a stream."""

import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import boto3
import pytest

from mart.edges import kinesis
from mart.edges.following import Record
from mart.edges.following_shards import ShardFollower
from mart.edges.shards import Place, Stream, numbered
from mart.settings import Kinesis, Settings
from tests.serving import test_engine
from tests.serving.conftest import opened
from tests.serving.lake import Row, Shop, event, key, until
from tests.serving.test_engine import shown
from tests.streams import shards as double


class StreamShop(Shop):
    """A shop whose activity goes through a stream, and lands from there as ingest would land it."""

    def __init__(self, settings: Settings) -> None:
        self._stream = Stream.of(settings)
        self._places, self._sequences = dict[str, Place](), dict[tuple[int, int], str]()
        super().__init__(settings)

    def send(self, values: Iterable[bytes]) -> None:
        kinesis.publish(self.settings, ((key(one), one) for one in values if len(one) <= kinesis.LARGEST))

    def unread(self) -> list[Record]:
        found = self.peek()
        for shard in self._stream.shards():
            mine = [one for one in found if one.partition == numbered(shard)]
            if mine:
                last = mine[-1].partition, mine[-1].offset
                self._places[shard] = Place(self._sequences[last], last[1] + 1)
        return found

    def peek(self) -> list[Record]:
        found = list[Record]()
        for shard in self._stream.shards():
            place, behind = self._places.get(shard, Place()), True
            while behind:
                records, _, behind = self._stream.page(shard, place)
                place = Place(records[-1].sequence if records else place.after, place.next + len(records))
                found += [Record(numbered(shard), one.ordinal, one.data, one.came_at) for one in records]
                self._sequences |= {(numbered(shard), one.ordinal): one.sequence for one in records}
        return found

    def place(self, record: Record) -> Row:
        source, shard = f"kinesis:{self.settings.kinesis.activity}", f"shardId-{record.partition:012}"
        sequence = self._sequences[record.partition, record.offset]
        return {"source": source, "partition": shard, "offset": f"{record.offset:020}", "sequence": sequence}


@pytest.fixture(scope="module")
def shop(aws_there: Settings, broker: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "test")
    aws = aws_there.aws
    client = boto3.client("kinesis", region_name=aws.region, endpoint_url=aws.endpoint_url)
    client.create_stream(StreamName="serving", ShardCount=2)
    settings = broker.model_copy(update={"aws": aws, "kinesis": Kinesis(activity="serving")})
    with opened(settings, tmp_path_factory, StreamShop) as one:
        yield one
    client.delete_stream(StreamName="serving")


def test_the_score_is_that_of_the_exact_history_by_stream_and_lake(shop: Shop) -> None:
    test_engine.test_the_score_is_that_of_the_exact_history_by_topic_and_lake_and_counts_nothing_twice(shop)


def test_an_engine_that_starts_later_goes_on_where_the_lake_ends(shop: Shop) -> None:
    test_engine.test_an_engine_that_starts_later_gives_the_same_lists_and_still_knows_a_repeat(shop)


def test_a_click_changes_the_next_list_a_moment_later(shop: Shop) -> None:
    with shop.open() as engine:
        before = shown(engine, "u3", "s3")
        shop.send([event("view", before[0], "u3", "s3")])
        changed = partial(test_engine.differs, engine, before)
        assert (
            until(changed, lambda: "the list has not changed") < 5
        )  # two looks a second, by 2 cores that others use too


def test_a_follower_goes_on_into_shards_that_came_of_a_split(tmp_path: Path) -> None:
    stream = double.Kinesis(shards=2)
    with double.serving(stream) as address:
        settings = Settings.read(home=tmp_path)
        settings = settings.model_copy(
            update={"aws": settings.aws.model_copy(update={"endpoint_url": address}), "kinesis": Kinesis(activity="s")}
        )
        first = stream.shards[0].name
        kinesis.publish(settings, [(f"u{n}".encode(), b"%d" % n) for n in range(20)])
        follower = ShardFollower(Stream("s", "eu-central-1", address), {})
        found = follower.take(5)
        stream.split(first)
        kinesis.publish(settings, [(f"u{n}".encode(), b"%d" % n) for n in range(20, 60)])
        deadline = time.monotonic() + 20
        while len(found) < 60:
            assert time.monotonic() < deadline
            found += follower.take(1)
        assert {one.value for one in found} == {b"%d" % n for n in range(60)}
        places = [(one.partition, one.offset) for one in found]
        assert len(set(places)) == 60
        assert follower.at == {numbered(one.name): len(one.records) for one in stream.shards}
        assert follower.caught_up
