"""What streams in: topics of Kafka, files dropped into the inbox, changes of a Delta table, as Structured Streaming reads them.

Offsets and seen files live in the stream's checkpoint as a convenience; what has landed decides (delivery/positions).
"""

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import doors, hadoop, lake
from mart.edges.kinesis_source import KinesisSource, noted
from mart.edges.shards import Place
from mart.schema import Table
from mart.settings import Settings


def kafka(spark: SparkSession, settings: Settings, topic: str, start: Mapping[int, int]) -> DataFrame:
    """Stream a topic; `start` gives the next offset of each partition where there is no checkpoint yet."""
    door = {f"kafka.{name}": value for name, value in doors.java(settings.kafka.brokers).items()}
    reader = spark.readStream.format("kafka").options(**door)
    reader = reader.option("subscribe", topic).option("startingOffsets", json.dumps({topic: dict(start)}))
    # A broker that restarts is waited for; a topic whose records have gone is refused, never skipped.
    reader = reader.option("failOnDataLoss", "true").option("kafka.request.timeout.ms", 30_000)
    return reader.option("maxOffsetsPerTrigger", settings.kafka.max_offsets_per_trigger).load()


def kinesis(spark: SparkSession, settings: Settings, start: Mapping[str, Place], most: int) -> DataFrame:
    """Stream the activity of Kinesis by our own source; `start` gives the place in each shard where there is no checkpoint yet."""
    spark.dataSource.register(KinesisSource)
    reader = spark.readStream.format(KinesisSource.name()).option("stream", settings.kinesis.activity)
    reader = reader.option("region", settings.aws.region).option("endpoint", settings.aws.endpoint_url)
    return reader.option("start", json.dumps(noted(start))).option("most", most).load()


def inbox(spark: SparkSession, settings: Settings, folder: str) -> DataFrame:
    """Stream the lines of an inbox folder's files, cut at line feeds only: file, block (start of the split), payload."""
    place = f"{settings.lake}/landing/inbox/{folder}"
    _make(spark, place)
    reader = spark.readStream.format("text").schema("value STRING").option("lineSep", "\n")
    lines = reader.option("maxFilesPerTrigger", settings.ingest.max_files_per_trigger).load(place)
    return _lines(lines)


def files(spark: SparkSession, settings: Settings, folder: str) -> DataFrame:
    """Read the lines of all files in an inbox folder as they are now: file, block, payload."""
    place = f"{settings.lake}/landing/inbox/{folder}"
    _make(spark, place)
    return _lines(spark.read.format("text").schema("value STRING").option("lineSep", "\n").load(place))


def _lines(lines: DataFrame) -> DataFrame:
    """Keep the bytes as they are, and the file's own name: Spark hands it out as part of an address."""
    name = F.url_decode(F.replace("_metadata.file_name", F.lit("+"), F.lit("%2B")))
    payload = F.col("value").cast("binary")
    return lines.select(
        name.alias("file"), F.col("_metadata.file_block_start").alias("block"), payload.alias("payload")
    )


def changes(spark: SparkSession, settings: Settings, table: Table, since: int) -> DataFrame:
    """Stream the rows that versions from `since` on add, whole versions only, with their `_commit_version`.

    The version must exist. The default of 1,000 files a micro-batch would split a version (lambda-findings C2).
    """
    reader = spark.readStream.format("delta").option("readChangeFeed", "true").option("startingVersion", since)
    feed = reader.option("maxFilesPerTrigger", 2**31 - 1).load(lake.path(settings, table))
    return feed.where(F.col("_change_type") == "insert").drop("_change_type", "_commit_timestamp")


def forget(spark: SparkSession, checkpoint: str) -> None:
    """Delete a query's checkpoint: its next start begins where its source is told to."""
    files, path = hadoop.find(spark, checkpoint)
    files.delete(path, True)


def _make(spark: SparkSession, place: str) -> None:
    """Make a folder that a file stream can watch."""
    files, path = hadoop.find(spark, place)
    files.mkdirs(path)
