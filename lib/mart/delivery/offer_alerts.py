"""Offer alerts: follow the sightings of offers, and tell once what has changed.

In: processed.offers, whose version is the position. Out: serving.alerts, then the topic of alerts, then speed.offer_states: what
the next alerts build on comes last, so after a kill the same versions come to the same alerts, which are there already.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery.announce import Announcer
from mart.edges import lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import ALERTS, CURRENT_OFFERS, MARKET, OFFER_STATES, OFFERS, PRODUCTS, PRODUCTS_SOLD, RATES
from mart.views import alerts
from mart.views.alerts import OFFER

UPSTREAM = "offers"


class Alerts:
    """The alerts, advanced from one batch of sightings to the next. Positions are read once, here."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        lake.ensure(spark, settings, OFFERS, ALERTS, OFFER_STATES)
        self.stands = lake.frontier(settings, OFFER_STATES, UPSTREAM) or 0
        self._told = lake.frontier(settings, ALERTS, UPSTREAM) or 0
        self._announcer = Announcer(spark, settings)
        self._announcer.catch_up()

    def advance(self, sightings: DataFrame, upto: int) -> None:
        """Take in the sightings of versions up to `upto`. In: rows of processed.offers with `_commit_version`, whole versions."""
        fresh = sightings.where(F.col("_commit_version") > self.stands).localCheckpoint()
        all_states = self._read(OFFER_STATES)
        states = all_states.join(fresh.select(*OFFER).distinct(), how="semi", on=list(OFFER)).localCheckpoint()
        rows = alerts.followed(fresh, states).localCheckpoint()
        raised = alerts.raised(rows, self._first_crawls(all_states), self._products(rows), self.settings.offers)
        told = alerts.told(raised.localCheckpoint(), states, self.settings.offers.quiet_hours).localCheckpoint()
        # After a kill some of these versions may have been told already.
        lake.append(self.settings, ALERTS, told.where(F.col("version") > self._told), at=(UPSTREAM, upto))
        self._announcer.catch_up()
        now = alerts.remembered(rows, told, states)
        lake.merge(self.spark, self.settings, OFFER_STATES, now, at=(UPSTREAM, upto))
        self.stands = self._told = upto

    def _first_crawls(self, states: DataFrame) -> DataFrame:
        """Find each known shop's first crawl."""
        crawls = states.groupBy("shop").agg(F.min_by("first_crawl_id", "first_seen_at").alias("first_crawl"))
        return crawls.select("shop", F.coalesce("first_crawl", F.lit("")).alias("first_crawl"))

    def _products(self, rows: DataFrame) -> DataFrame:
        """Give the product of each offer as refine has matched it, its category, and our price in the offer's currency."""
        reference = self.settings.offers.reference_currency
        own = self._read(PRODUCTS).join(
            self._read(MARKET).select("product_key", F.col("our_product_id").alias("product_id")),
            how="inner",
            on="product_id",
        )
        matched = self._read(CURRENT_OFFERS).select(*OFFER, "product_key")
        matched = matched.join(
            self._read(PRODUCTS_SOLD).select("product_key", "category"), how="left", on="product_key"
        )
        offers = rows.where("currency IS NOT NULL").select(*OFFER, "currency").dropDuplicates(list(OFFER))
        return alerts.compared(offers, matched, own, self._read(RATES), reference)

    def _read(self, table: Table) -> DataFrame:
        return lake.read(self.spark, self.settings, table)
