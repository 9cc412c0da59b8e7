"""Follow the events: speed tables seconds behind them, serving tables behind speed and batch.

A table stands at a version of processed.events, its frontier, in the same commit as its rows. What is at or before the
frontier is skipped, so a replay, a lost commit entry or a deleted checkpoint changes nothing.
"""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery.stream import Stream
from mart.edges import changefeed, feeds, lake
from mart.edges.delta import Standing
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS
from mart.views.fold import fold, gather
from mart.views.lifts import LIFTED, LIFTS

Then = Callable[[Table, DataFrame], None]
Advance = Callable[[DataFrame, int], object]  # events of whole versions, and the newest of them

UPSTREAM = "events"
TRIES = 5
BUCKET = 100  # versions of events in a partition of a speed table


def lifted(events: DataFrame, table: Table) -> DataFrame:
    """Gather events into rows of a foldable table, in whatever layer it is."""
    return gather(LIFTS[table.name](events), table)


def versioned(events: DataFrame) -> DataFrame:
    """Name the version that added each event as the speed tables do."""
    bucket = F.floor(F.col("version") / BUCKET)
    return events.withColumnRenamed("_commit_version", "version").withColumn("bucket", bucket)


def follow(
    stream: Stream,
    spark: SparkSession,
    settings: Settings,
    name: str,
    stands: int,
    advance: Advance,
    upstream: Table = EVENTS,
) -> None:
    """Catch up from where a table stands, then start the query that follows its upstream, the events, from there.

    Its checkpoint lasts no longer than we do: the table says where to go on. One that is ahead of it, as after its folder was
    deleted, would skip events, and one whose first micro-batch was never committed asks for changes that end before they begin.
    """
    lake.ensure(spark, settings, upstream)
    stands = catch_up(spark, settings, stands, advance, upstream)

    def on_batch(events: DataFrame, _: int) -> None:
        newest = events.agg(F.max("_commit_version")).first()
        if newest and newest[0] is not None:
            with changefeed.kept(upstream, stands, newest[0]):
                advance(events, newest[0])

    stream.add(feeds.changes(spark, settings, upstream, stands), name, on_batch, anew=True)


def catch_up(spark: SparkSession, settings: Settings, stands: int, advance: Advance, upstream: Table = EVENTS) -> int:
    """Take a table that stands at a version to the newest one. Returns that version."""
    newest = lake.version(settings, upstream) or 0
    if newest > stands:
        feed = changefeed.added(spark, settings, upstream, stands, newest).persist()
        try:
            with changefeed.kept(upstream, stands, newest):
                advance(feed, newest)
        finally:
            feed.unpersist()
    return max(newest, stands)


class Speed:
    """The speed tables, advanced from one batch of events to the next. Frontiers are read once, here."""

    def __init__(self, spark: SparkSession, settings: Settings, tables: tuple[Table, ...]) -> None:
        self.spark, self.settings = spark, settings
        self.tables = tables
        lake.ensure(spark, settings, *(table.at("speed") for table in tables))
        self.frontiers = {table.name: self._start(table.at("speed")) for table in tables}

    @property
    def stands(self) -> int:
        """The version that every table has reached."""
        return min(self.frontiers.values())

    def _start(self, table: Table) -> int:
        """Where to go on: events up to the batch layer's horizon are in there, and no answer needs them here."""
        stands = lake.frontier(self.settings, table, UPSTREAM) or 0
        return max(stands, lake.frontier(self.settings, table.at("batch"), UPSTREAM) or 0)

    def advance(self, events: DataFrame, upto: int, then: Then | None = None) -> None:
        """Append what the events of versions up to `upto` add. In: events with `_commit_version`, whole versions.

        `then` gets the rows that each table was appended; one without rows stands at `upto` all the same. The tables do not
        depend on one another, and most of a small write is planning: they are written side by side.
        """
        stands = self.stands
        # Frozen as data: a version written into the plan would make Spark compile its code anew each time.
        fresh = events.where(F.col("_commit_version") > stands).select(*LIFTED, "_commit_version")
        frozen = versioned(fresh).localCheckpoint()

        def work(table: Table) -> None:
            ahead = self.frontiers[table.name] > stands  # a kill came between the tables' writes
            fresh = frozen.where(F.col("version") > self.frontiers[table.name]) if ahead else frozen
            rows = lifted(fresh, table.at("speed"))
            if lake.append(self.settings, table.at("speed"), rows, at=(UPSTREAM, upto)).rows and then:
                then(table, rows)
            self.frontiers[table.name] = upto

        behind = [table for table in self.tables if self.frontiers[table.name] < upto]
        with ThreadPoolExecutor(len(self.tables)) as pool:
            list(pool.map(work, behind))


def refold(
    spark: SparkSession,
    settings: Settings,
    table: Table,
    pinned: Standing,
    rows: DataFrame,
    upto: int,
    touched: Collection[object] | None = None,
) -> None:
    """Fold new rows into a table and say that it now stands at `upto`; only the partitions they touch are rewritten.

    In: rows of the table's columns that the events after `pinned.frontier` add, one or more a key; `touched` are their
    partitions (or more) where these are known already, else the rows should be frozen: they are read twice. Rows and
    frontier come from one snapshot, and nothing is written where the table has reached `upto` meanwhile: so another process
    at the same table (serving/merge beside streaming/live) makes nothing count twice.
    """
    at = (UPSTREAM, upto)
    if table.partition and touched is None:
        touched = [row[0] for row in rows.select(*table.partition).distinct().collect()]
    if touched is None:
        there = lake.read(spark, settings, table, pinned.version)
    else:
        there = lake.read_partitions(spark, settings, table, touched, pinned.version)
    folded = fold(there.select(*table.names).unionByName(rows.select(*table.names)), table)
    for attempt in range(1, TRIES + 1):
        try:
            if touched is None:
                lake.overwrite(settings, table, folded, at=at)
            else:
                lake.replace(settings, table, folded, touched, at=at)
            break
        except lake.Conflict:
            if attempt == TRIES:
                raise
