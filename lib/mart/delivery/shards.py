"""Where reading a Kinesis stream goes on: after the last record of each shard that has landed."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.delivery.ingest import Ingest
from mart.delivery.positions import Refused
from mart.edges import feeds, lake
from mart.edges.shards import Place, Stream

EVERYTHING = 2**31 - 1  # records: a run that ends when it has all takes all of them in one micro-batch


def feed(ingest: Ingest, to_the_end: bool) -> DataFrame:
    """Stream the records that have not landed. Raises Refused where some are gone, StreamError where there is no stream."""
    settings = ingest.settings
    start = places(ingest)
    most = EVERYTHING if to_the_end else settings.kinesis.max_records_per_trigger
    return feeds.kinesis(ingest.spark, settings, start, most)


def places(ingest: Ingest) -> dict[str, Place]:
    """Give the place of each shard. Raises Refused: a stream made anew has other records under the names of its shards."""
    settings = ingest.settings
    name = f"kinesis:{settings.kinesis.activity}"
    stream = Stream.of(settings)
    listed, landed = stream.shards(), _landed(ingest, name)
    for shard in landed.keys() & listed.keys():
        if not stream.holds(shard, landed[shard].after):
            landed[shard] = _without(f"{name}, {shard}", landed[shard], settings.kinesis.accept_loss)
    for shard in listed:
        ingest.positions.begin((name, shard), 0)
    gone = {shard: Place(place.after, place.next, ended=True) for shard, place in landed.items() if shard not in listed}
    return landed | gone


def _without(shard: str, place: Place, accepted: bool) -> Place:
    """Go on with whatever the shard holds, where that has been allowed. Raises Refused."""
    if not accepted:
        raise Refused(
            f"{shard}: landed up to {place.after}, which the stream no longer holds: what came after it may have expired too, or "
            "the stream was made anew. Restore the records, or accept the loss: kinesis.accept_loss = true for one start; nothing "
            "was landed"
        )
    return Place("", place.next)


def _landed(ingest: Ingest, name: str) -> dict[str, Place]:
    last = {shard: offset for (source, shard), offset in ingest.positions.last.items() if source == name}
    rows = lake.read(ingest.spark, ingest.settings, ingest.intake.landing).where(F.col("source") == name)
    newest = rows.groupBy("partition").agg(F.max_by("sequence", "offset").alias("sequence"))
    return {row["partition"]: Place(row["sequence"], last[row["partition"]] + 1) for row in newest.collect()}
