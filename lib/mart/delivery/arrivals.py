"""Where records come from: a Kafka topic or a Kinesis stream, files of history, and rejects that were queued again; one code for all."""

import sys
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery import shards
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Activity, Arrived
from mart.delivery.positions import Refused, gap
from mart.delivery.stream import Stream
from mart.edges import feeds, kafka, lake
from mart.edges.groups import Shown
from mart.schema import Table
from mart.settings import Settings
from mart.views import sources

Shape = Callable[[DataFrame], DataFrame]

INBOX_SECONDS = 5.0  # how often a folder is listed: history is in no hurry


def follow(stream: Stream, ingest: Ingest, then: Callable[[Arrived], None] = lambda _: None) -> None:
    """Start the queries that bring records of one kind in; `then` gets the new rows of each micro-batch that has some."""

    def add(
        feed: DataFrame,
        name: str,
        last: Shape = lambda parsed: parsed,
        seconds: float | None = None,
        anew: bool = False,
        landed: Callable[[], object] = lambda: None,
    ) -> None:
        def work(frame: DataFrame, batch: int) -> None:
            arrived = ingest(last(frame), batch)
            landed()
            if arrived:
                then(arrived)

        stream.add(feed, name, work, seconds, anew)

    spark, settings, intake = ingest.spark, ingest.settings, ingest.intake
    name = intake.name

    def history(lines: DataFrame) -> DataFrame:  # a stream can't number the lines of a file, a micro-batch can
        return ingest.parse(sources.from_inbox(lines, name))

    add(sources.stamped(feeds.inbox(spark, settings, name)), f"{name}_inbox", history, INBOX_SECONDS)
    requeued = sources.from_requeue(sources.stamped(feeds.inbox(spark, settings, intake.requeued)))
    add(ingest.parse(requeued), f"{name}_requeue", seconds=INBOX_SECONDS)
    if settings.kinesis.activity and name == Activity.name:
        records = sources.from_kinesis(
            sources.stamped(shards.feed(ingest, stream.to_the_end)), settings.kinesis.activity
        )
        # A checkpoint would go on after a record that is gone, too.
        add(ingest.parse(records), f"{name}_kinesis_{settings.kinesis.activity}", anew=settings.kinesis.accept_loss)
        return
    topic: str = getattr(settings.kafka, intake.topic)
    start = _start(spark, settings, ingest, topic)
    if start is not None:
        records = sources.from_kafka(sources.stamped(feeds.kafka(spark, settings, topic, start)))
        shown = Shown(settings.kafka.brokers, topic)
        shown.show(start)
        add(ingest.parse(records), f"{name}_kafka_{topic}", landed=lambda: shown.show(_next(ingest, topic)))


def _next(ingest: Ingest, topic: str) -> dict[int, int]:
    """Tell the offset that lands next in each partition of a topic."""
    last = ingest.positions.last.items()
    return {int(partition): offset + 1 for (source, partition), offset in last if source == f"kafka:{topic}"}


def _start(spark: SparkSession, settings: Settings, ingest: Ingest, topic: str) -> dict[int, int] | None:
    """The next offset of each partition; None where there is no topic. Raises Refused where landing can't go on."""
    if not settings.kafka.brokers:
        return None
    if topic not in kafka.topics(settings.kafka.brokers):
        print(f"no topic {topic} yet: only the inbox is read; `mart up` creates it", file=sys.stderr)
        return None
    positions, ends = ingest.positions, kafka.ends(settings.kafka.brokers, topic)
    landed = {int(part): last for (source, part), last in positions.last.items() if source == f"kafka:{topic}"}
    newest = _newest(spark, settings, ingest.intake.landing, topic, landed)
    for partition, last in landed.items():
        begin, end = ends.get(partition, (0, 0))
        same = (
            begin <= last < end and kafka.record_at(settings.kafka.brokers, topic, partition, last) == newest[partition]
        )
        _check(f"kafka:{topic}, partition {partition}", last, begin, end, same, ingest.intake.topic)
    for partition, (begin, _) in ends.items():
        positions.begin((f"kafka:{topic}", str(partition)), begin)
    return {partition: positions.next_offset((f"kafka:{topic}", str(partition))) for partition in ends}


def _newest(
    spark: SparkSession, settings: Settings, table: Table, topic: str, landed: dict[int, int]
) -> dict[int, kafka.Record]:
    """The last record of each partition as it landed."""
    places = {f"{partition} {offset:0{sources.DIGITS}}": partition for partition, offset in landed.items()}
    offsets = [place.partition(" ")[2] for place in places]
    rows = (
        lake.read(spark, settings, table)
        .where((F.col("source") == f"kafka:{topic}") & F.col("offset").isin(offsets))
        .withColumn("place", F.concat_ws(" ", "partition", "offset"))
        .where(F.col("place").isin(list(places)))
    )
    found = rows.select("place", "key", "payload").collect() if places else []
    return {places[row["place"]]: (_bytes(row["key"]), _bytes(row["payload"])) for row in found}


def _check(place: str, last: int, begin: int, end: int, same: bool, key: str) -> None:
    """A topic that was deleted and made again has other records under the same offsets: never a silent skip."""
    if begin > last + 1:
        raise Refused(gap(place, last, begin, key))
    if begin <= last and not same:
        raise Refused(
            f"{place}: landed up to offset {last}, but the topic ends at {end} or holds another record there: it was made "
            f"anew. Give the new topic another name (settings: kafka.{key}); nothing was landed"
        )


def _bytes(value: bytearray | None) -> bytes | None:
    return bytes(value) if value is not None else None
