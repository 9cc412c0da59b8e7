"""Raw records with their coordinates, whatever they come from: one shape, so that one code judges them all.

Out: source, partition, offset (20 digits), key, payload, sequence (Kinesis alone), arrived_at.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

RAW = ("source", "partition", "offset", "key", "payload", "sequence", "arrived_at")
DIGITS = 20


def stamped(feed: DataFrame) -> DataFrame:
    """Ask the clock for each record: the micro-batch's own instant is a literal, and makes Spark compile its code anew."""
    now = F.java_method(F.lit("java.lang.System"), F.lit("currentTimeMillis"))
    return feed.withColumn("arrived_at", F.timestamp_millis(now.cast("bigint")))


def from_kafka(records: DataFrame) -> DataFrame:
    """Name a Kafka record's coordinates. In: the columns of Spark's Kafka source."""
    return records.select(
        F.concat(F.lit("kafka:"), "topic").alias("source"),
        F.col("partition").cast("string").alias("partition"),
        F.lpad(F.col("offset").cast("string"), DIGITS, "0").alias("offset"),
        "key",
        F.col("value").alias("payload"),
        _no_sequence(),
        "arrived_at",
    )


def from_kinesis(records: DataFrame, stream: str) -> DataFrame:
    """Name a Kinesis record's coordinates. In: the columns of edges/kinesis_source."""
    return records.select(
        F.lit(f"kinesis:{stream}").alias("source"),
        "partition",
        F.lpad(F.col("offset").cast("string"), DIGITS, "0").alias("offset"),
        "key",
        "payload",
        "sequence",
        "arrived_at",
    )


def from_inbox(lines: DataFrame, folder: str) -> DataFrame:
    """Number the lines of each file from 0. In: file, block (start of the split), payload, in reading order.

    A long file is read in several splits; the split's start and the order within it give the line's place. Numbering takes
    a file to one task; what comes after is spread again.
    """
    ordered = Window.partitionBy("file").orderBy("block", "line")
    numbered = lines.withColumn("line", F.monotonically_increasing_id()).select(
        F.lit(f"inbox:{folder}").alias("source"),
        F.col("file").alias("partition"),
        F.lpad((F.row_number().over(ordered) - 1).cast("string"), DIGITS, "0").alias("offset"),
        F.lit(None).cast("binary").alias("key"),
        "payload",
        _no_sequence(),
        "arrived_at",
    )
    return numbered.repartition("offset")


def from_requeue(lines: DataFrame) -> DataFrame:
    """Give rejects that were queued again their own coordinates back. In: file, payload (a JSON object a line).

    The file names the run, so a reject that is queued twice lands twice under two sources, and never under one.
    """
    record = F.from_json(
        F.col("payload").cast("string"), "source string, partition string, offset string, key string, payload string"
    )
    run = F.regexp_replace("file", r"\.jsonl$", "")
    return lines.select(run.alias("run"), record.alias("record"), "arrived_at").select(
        F.concat(F.lit("requeue:"), "run", F.lit(":"), "record.source").alias("source"),
        F.col("record.partition").alias("partition"),
        F.col("record.offset").alias("offset"),
        F.unbase64("record.key").alias("key"),
        F.unbase64("record.payload").alias("payload"),
        _no_sequence(),
        "arrived_at",
    )


def _no_sequence() -> Column:
    return F.lit(None).cast("string").alias("sequence")
