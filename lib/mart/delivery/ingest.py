"""Ingest: what arrives is landed with its outcome, and what became an event is appended to the events.

In: micro-batches of raw records (views/sources). Out: landing.activity, then processed.events, which follows landing:
its commit carries landing's version as transaction id. One ingest process at a time (DESIGN 4).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import mart
from mart.delivery.positions import Positions
from mart.delivery.survey import Survey, look
from mart.edges import changefeed, lake
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY, PRODUCTS
from mart.views import activity, landing
from mart.views.sources import RAW

UPSTREAM = "landing"
FEW = 100_000  # duplicates of a micro-batch that each task may hold in memory, some 10 MB; Spark does not know how many


@dataclass(frozen=True)
class Arrived:
    """Events of one micro-batch, made from frozen frames, the version of processed.events that holds them, and their days."""

    events: DataFrame
    version: int
    days: list[date]


class Ingest:
    """Lands micro-batches. Positions are read once, here, and kept in memory."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self._started = datetime.now(UTC)
        lake.ensure(spark, settings, LANDING_ACTIVITY, EVENTS)
        self._catalogue = Catalogue(spark, settings)
        self._catch_up()
        self.positions = Positions(spark, settings)

    def parse(self, records: DataFrame) -> DataFrame:
        """Read what raw records say; row by row, so a stream's plan holds it, and it is analysed once."""
        return activity.parse(records, self.settings.ingest)

    def __call__(self, parsed: DataFrame, batch: int) -> Arrived | None:
        """Land what has not landed. Returns the new events; None where no record was good. Raises Refused for a gap."""
        stamps = {"code_version": F.lit(mart.__version__), "batch": F.lit(f"{self._started:%Y%m%dT%H%M%S}-{batch}")}
        frozen = parsed.withColumns(stamps).localCheckpoint()
        survey = look(frozen)
        fresh = self.positions.beyond(frozen, survey.ranges)
        if not any(self.positions.has_new(found) for found in survey.ranges):
            return None
        decided = landing.decide(fresh, self._repeated(fresh, survey))
        version = lake.append(self.settings, LANDING_ACTIVITY, decided).version
        self.positions.advance(survey.ranges)
        if not survey.days:  # rejects only
            return None
        events = landing.events(decided, self._catalogue.frame(), EVENTS)
        appended = lake.append(self.settings, EVENTS, events, at=(UPSTREAM, version))
        return Arrived(events, appended.version, sorted(survey.days))

    def _repeated(self, fresh: DataFrame, survey: Survey) -> DataFrame:
        """Find the duplicates, and freeze them: both tables are written from what they say.

        A cache would not do: the frame reads `events`, which is written next (lambda-findings A3).
        """
        within = ("event_at", survey.spans())
        seen = lake.read_partitions(self.spark, self.settings, EVENTS, sorted(survey.days), within=within)
        repeated = landing.repeated(fresh, seen).localCheckpoint()
        return F.broadcast(repeated) if repeated.count() <= FEW else repeated

    def _catch_up(self) -> None:
        """Append the events that have landed but were not appended: a kill came between the two writes."""
        newest = lake.version(self.settings, LANDING_ACTIVITY) or 0
        stands = lake.frontier(self.settings, EVENTS, UPSTREAM) or 0
        if stands >= newest:
            return
        missed = changefeed.added(self.spark, self.settings, LANDING_ACTIVITY, stands, newest)
        raw = missed.where(F.col("outcome") == "event").select(*RAW)
        good = self.parse(raw).withColumn("outcome", F.lit("event"))
        events = landing.events(good, self._catalogue.frame(), EVENTS)
        with changefeed.kept(LANDING_ACTIVITY, stands, newest):
            if not events.isEmpty():
                lake.append(self.settings, EVENTS, events, at=(UPSTREAM, newest))


class Catalogue:
    """The products' categories and brands, kept in memory until the table has a newer version."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self._spark, self._settings = spark, settings
        self._version: int | None = None
        self._frame: DataFrame | None = None

    def frame(self) -> DataFrame:
        """Give product_id, category and brand; no rows while there are no products yet."""
        newest = lake.version(self._settings, PRODUCTS)
        if self._frame is None or newest != self._version:
            if self._frame is not None:
                self._frame.unpersist()
            products = lake.read(self._spark, self._settings, PRODUCTS, newest)
            self._frame = products.select("product_id", "category", "brand").persist()
            self._frame.count()  # a cached frame whose size is known is broadcast when it is small
            self._version = newest
        return self._frame
