"""What kind of records ingest takes in: where they land, how they are read and told apart, and what the good ones become.

In: raw records (views/sources). Out: a landing table, and tables that follow it: their commits carry landing's version as
transaction id. Activity becomes events; pages of products become offers and reviews.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from mart.delivery import sightings
from mart.edges import lake
from mart.models import sentiment
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY, LANDING_OFFERS, OFFERS, PRODUCTS, REVIEWS
from mart.views import activity, landing, offers

UPSTREAM = "landing"


@dataclass(frozen=True)
class Arrived:
    """New rows of one micro-batch, made from frozen frames, the version of their table that holds them, and their days."""

    events: DataFrame
    version: int
    days: list[date]


class Intake(ABC):
    """A kind of records."""

    name: str  # of its folder in the inbox and of its queries
    requeued: str  # its folder in the inbox for rejects that are given another chance
    topic: str  # its topic's key in the settings (kafka.…)
    landing: Table
    master: Table  # the good ones, each once; partitioned by the day of `at`
    identity: tuple[str, ...]  # two records that agree in these are one
    at: str  # the instant among them: reads are pruned by it

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that follow landing."""
        return (self.master,)

    @property
    def stands(self) -> int:
        """The version of landing that all of them have reached."""
        return min(lake.frontier(self.settings, table, UPSTREAM) or 0 for table in self.tables)

    @abstractmethod
    def parse(self, records: DataFrame) -> DataFrame:
        """Read what raw records say, row by row: the master table's columns, `reason` and `detail`."""

    @abstractmethod
    def accept(self, good: DataFrame, version: int, days: list[date]) -> Arrived:
        """Take good records, each once, into the tables; those that stand at landing's `version` are left alone."""


class Activity(Intake):
    """What shoppers do."""

    name, requeued, topic = "activity", "requeue", "activity"
    landing, master = LANDING_ACTIVITY, EVENTS
    identity, at = ("event_id", "event_at"), "event_at"

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        super().__init__(spark, settings)
        self._catalogue = Catalogue(spark, settings)

    def parse(self, records: DataFrame) -> DataFrame:
        return activity.parse(records, self.settings.ingest)

    def accept(self, good: DataFrame, version: int, days: list[date]) -> Arrived:
        events = landing.events(good, self._catalogue.frame(), EVENTS)
        appended = lake.append(self.settings, EVENTS, events, at=(UPSTREAM, version))
        return Arrived(events, appended.version, days)


class Offers(Intake):
    """What pages of products say."""

    name, requeued, topic = "offers", "requeue_offers", "product_details"
    landing, master = LANDING_OFFERS, OFFERS
    identity, at = ("shop", "offer_id", "seen_at"), "seen_at"

    @property
    def tables(self) -> tuple[Table, ...]:
        return OFFERS, REVIEWS

    def parse(self, records: DataFrame) -> DataFrame:
        return sightings.parse(records, self.settings.ingest)

    def accept(self, good: DataFrame, version: int, days: list[date]) -> Arrived:
        seen = offers.sightings(good)
        appended = lake.append(self.settings, OFFERS, seen, at=(UPSTREAM, version))
        self._take_reviews(good, version)
        return Arrived(seen, appended.version, days)

    def _take_reviews(self, good: DataFrame, version: int) -> None:
        """Bring the newest state of each review in. Most micro-batches have none: pages that have not changed carry none."""
        if (lake.frontier(self.settings, REVIEWS, UPSTREAM) or 0) >= version:
            return
        said = sentiment.with_tone(offers.reviews(good)).localCheckpoint()
        if said.isEmpty():  # the frontier moves all the same
            lake.append(self.settings, REVIEWS, said, at=(UPSTREAM, version))
        else:
            lake.merge(self.spark, self.settings, REVIEWS, said, newer="seen_at", at=(UPSTREAM, version))


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
