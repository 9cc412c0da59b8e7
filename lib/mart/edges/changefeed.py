"""What has changed in a Delta table between two of its versions, while its log and its files still reach back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS

# What Delta says when its log or its files no longer reach back.
GONE = re.compile(
    r"\[(FAILED_READ_FILE\.FILE_NOT_EXIST|DELTA_MISSING_CHANGE_DATA|DELTA_CHANGE_DATA_FEED_INCOMPATIBLE_\w+"
    r"|DELTA_LOG_FILE_NOT_FOUND|DELTA_TRUNCATED_TRANSACTION_LOG|DELTA_VERSIONS_NOT_CONTIGUOUS|DELTA_VERSION_NOT_FOUND)\]"
)

# What to do then; who follows another table can only wait for its changes to come back.
WAYS_ON = {
    EVENTS.full_name: "the events are: run `mart run batch/views --full`, then whichever stream stopped, once, with --full "
    "(streaming/speed_views goes on from the batch tables, streaming/enrich takes in what it lacks)",
}


class FeedGone(RuntimeError):
    """The changes that a reader still needs are no longer kept."""


def feed(spark: SparkSession, settings: Settings, table: Table, after: int, upto: int) -> DataFrame:
    """Read every change that the versions (after, upto] made, with its `_change_type` and `_commit_version`.

    Raises FeedGone where the log no longer reaches back that far; whether the files do shows when the rows are read
    (`kept`).
    """
    reader = spark.read.format("delta").option("readChangeFeed", "true")
    reader = reader.option("startingVersion", after + 1).option("endingVersion", upto)
    with kept(table, after, upto):
        return reader.load(lake.path(settings, table))


def added(spark: SparkSession, settings: Settings, table: Table, after: int, upto: int) -> DataFrame:
    """Read the rows that the versions (after, upto] added, with their `_commit_version`. Raises FeedGone as `feed` does."""
    made = feed(spark, settings, table, after, upto)
    return made.where(F.col("_change_type") == "insert").drop("_change_type", "_commit_timestamp")


@contextmanager
def kept(table: Table, after: int, upto: int) -> Iterator[None]:
    """Surround the work on changes. Raises FeedGone where it fails because they are no longer kept."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:  # an executor's comes as the latter, its condition in the text
        if GONE.search(str(error)):
            raise FeedGone(_gone(table, after, upto)) from None
        raise


def _gone(table: Table, after: int, upto: int) -> str:
    way_on = WAYS_ON.get(table.full_name, "put its files and its log back from a backup, then start again")
    return f"{table.full_name}: the changes of versions {after + 1} to {upto} are no longer kept; {way_on}"
