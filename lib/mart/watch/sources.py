"""How far the readers of topics and streams are behind, in records and in time."""

from collections.abc import Iterator
from datetime import datetime

from mart.edges import delta, groups, kafka, landed
from mart.edges.shards import Place, Stream
from mart.settings import Settings
from mart.tables import EVENTS
from mart.watch.metric import Sample
from mart.watch.metrics import LAG_RECORDS, LAG_SECONDS, TOPIC_RECORDS


def topics(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Look at the topics that ingest and `mart poll` follow; a group that has never taken anything lags behind nothing."""
    at = settings.kafka
    if not at.brokers:
        return
    there = kafka.topics(at.brokers)
    for topic in (name for name in (at.activity, at.product_details) if name in there):
        yield TOPIC_RECORDS.at(sum(end for _, end in kafka.ends(at.brokers, topic).values()), topic=topic)
        for group in (groups.ingesting(topic), groups.polling(topic)):
            if found := groups.lag(at.brokers, topic, group):
                names = {"source": f"kafka:{topic}", "reader": group}
                waited = (now - found.since).total_seconds() if found.since else 0.0
                yield LAG_RECORDS.at(found.records, **names)
                yield LAG_SECONDS.at(max(0.0, waited), **names)


def shards(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Tell the age of the iterator that would go on after what the events hold of each shard; the oldest one counts."""
    if not settings.kinesis.activity:
        return
    stream, stands = Stream.of(settings), delta.standing(settings, EVENTS)
    places = landed.stream_places(settings, stands.version if stands else None)
    ages = [stream.age(shard, places.get(shard, Place())) for shard in stream.shards()]
    names = {"source": f"kinesis:{settings.kinesis.activity}", "reader": "ingest"}
    yield LAG_SECONDS.at(max(ages, default=0.0), **names)
