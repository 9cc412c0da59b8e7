"""Follow the events: speed tables seconds behind them, serving tables behind speed and batch.

A table stands at a version of processed.events, its frontier, in the same commit as its rows. What is at or before the
frontier is skipped, so a replay, a lost commit entry or a deleted checkpoint changes nothing.
"""

from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery.stream import Stream
from mart.edges import feeds, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS
from mart.views.fold import fold, gather
from mart.views.shopping import LIFTS

Advance = Callable[[DataFrame, int], object]  # events of whole versions, and the newest of them

UPSTREAM = "events"
BUCKET = 100  # versions of events in a partition of a speed table


def lifted(events: DataFrame, table: Table) -> DataFrame:
    """Gather events into rows of a foldable table, in whatever layer it is."""
    return gather(LIFTS[table.name](events), table)


def versioned(events: DataFrame) -> DataFrame:
    """Name the version that added each event as the speed tables do."""
    bucket = F.floor(F.col("version") / BUCKET)
    return events.withColumnRenamed("_commit_version", "version").withColumn("bucket", bucket)


def follow(
    stream: Stream, spark: SparkSession, settings: Settings, name: str, stands: int, advance: Advance
) -> None:
    """Catch up from where a table stands, then start the query that follows the events.

    The catch-up comes first: a checkpoint that is ahead of a table, as after its folder was deleted, must not make us
    skip events.
    """
    lake.ensure(spark, settings, EVENTS)
    stands = catch_up(spark, settings, stands, advance)

    def on_batch(events: DataFrame, _: int) -> None:
        newest = events.agg(F.max("_commit_version")).first()
        if newest and newest[0] is not None:
            advance(events, newest[0])

    stream.add(feeds.changes(spark, settings, EVENTS, stands), name, on_batch)


def catch_up(spark: SparkSession, settings: Settings, stands: int, advance: Advance) -> int:
    """Take a table that stands at a version to the newest one. Returns that version."""
    newest = lake.version(settings, EVENTS) or 0
    if newest > stands:
        feed = lake.changes(spark, settings, EVENTS, stands, newest).persist()
        try:
            advance(feed, newest)
        finally:
            feed.unpersist()
    return max(newest, stands)


class Speed:
    """The speed tables, advanced from one batch of events to the next. Frontiers are read once, here."""

    def __init__(self, spark: SparkSession, settings: Settings, tables: tuple[Table, ...]) -> None:
        self.spark, self.settings = spark, settings
        self.tables = tuple(table.at("speed") for table in tables)
        lake.ensure(spark, settings, *self.tables)
        self.frontiers = {table.name: self._start(table) for table in self.tables}

    @property
    def stands(self) -> int:
        """The version that every table has reached."""
        return min(self.frontiers.values())

    def _start(self, table: Table) -> int:
        """Where to go on: events up to the batch layer's horizon are in there, and no answer needs them here."""
        stands = lake.frontier(self.settings, table, UPSTREAM) or 0
        return max(stands, lake.frontier(self.settings, table.at("batch"), UPSTREAM) or 0)

    def advance(self, events: DataFrame, upto: int) -> dict[str, DataFrame]:
        """Append what the events of versions up to `upto` add. In: events with `_commit_version`, whole versions.

        Returns the appended rows of each table by its name, frozen.
        """
        return {table.name: self._advance(table, versioned(events), upto) for table in self.tables}

    def _advance(self, table: Table, events: DataFrame, upto: int) -> DataFrame:
        rows = lifted(events.where(F.col("version") > self.frontiers[table.name]), table).localCheckpoint()
        if upto > self.frontiers[table.name] and not rows.isEmpty():
            lake.append(self.settings, table, rows, at=(UPSTREAM, upto))
        self.frontiers[table.name] = max(upto, self.frontiers[table.name])
        return rows


def refold(spark: SparkSession, settings: Settings, table: Table, rows: DataFrame, upto: int) -> None:
    """Fold new rows into a table and say that it now stands at `upto`; only the partitions they touch are rewritten.

    In: rows of the table's columns, one or more a key; frozen, since they are read twice.
    """
    where = None
    there = lake.read(spark, settings, table)
    if table.partition:
        touched = [row[0] for row in rows.select(*table.partition).distinct().collect()]
        if not touched:
            return
        where = lake.partitions(table, touched)
        there = there.where(where)
    folded = fold(there.select(*table.names).unionByName(rows.select(*table.names)), table)
    lake.overwrite(settings, table, folded, at=(UPSTREAM, upto), where=where)
