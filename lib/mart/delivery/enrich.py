"""Enrich: follow the events and join each with its product and with its shopper's history, as a stream."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery.follow import UPSTREAM, lifted
from mart.edges import delta, lake
from mart.settings import Settings
from mart.tables import ENRICHED_EVENTS, EVENTS, INTERACTIONS, PRODUCTS
from mart.views.enriched_events import enrich
from mart.views.fold import fold


class Enrich:
    """Advances processed.enriched_events; its frontier is read once, here."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        lake.ensure(spark, settings, ENRICHED_EVENTS)
        self.stands = lake.frontier(settings, ENRICHED_EVENTS, UPSTREAM) or 0

    def advance(self, events: DataFrame, upto: int) -> None:
        """Append the events of versions up to `upto`. In: events with `_commit_version`, whole versions."""
        fresh = events.where(F.col("_commit_version") > self.stands).persist()
        try:
            oldest = fresh.agg(F.min("_commit_version")).first()
            if oldest and oldest[0] is not None:
                shoppers = fresh.where(F.col("user_id").isNotNull()).select("user_id").distinct()
                history, version = self._history(shoppers, oldest[0] - 1)
                products = lake.read(self.spark, self.settings, PRODUCTS)
                rows = enrich(fresh, products, history, version)
                lake.append(self.settings, ENRICHED_EVENTS, rows, at=(UPSTREAM, upto))
        finally:
            fresh.unpersist()
        self.stands = max(upto, self.stands)

    def make_up(self) -> None:
        """Take in every event that is missing from the events themselves: the way on when their changes are gone.

        All of them get the history of the version that we stand at: older than each of them, as it must be.
        """
        newest = lake.version(self.settings, EVENTS) or 0
        there = lake.read(self.spark, self.settings, ENRICHED_EVENTS).select(*EVENTS.key)
        events = lake.read(self.spark, self.settings, EVENTS, newest or None)
        missing = events.join(there, how="left_anti", on=list(EVENTS.key))
        self.advance(missing.withColumn("_commit_version", F.lit(self.stands + 1)), newest)

    def _history(self, shoppers: DataFrame, latest: int) -> tuple[DataFrame, int]:
        """What these shoppers had done at a version not after `latest`, so that no event is its own history.

        From batch and speed while the batch layer is not ahead of us; else from what we hold, which is just the events
        up to `latest`: their own table may no longer be readable at a version that old.
        """
        speed, batch = (delta.standing(self.settings, INTERACTIONS.at(layer), UPSTREAM) for layer in ("speed", "batch"))
        horizon = (batch.frontier if batch else None) or 0
        if horizon > latest:
            events = lake.read(self.spark, self.settings, ENRICHED_EVENTS)
            theirs = events.join(shoppers, how="left_semi", on="user_id")
            return lifted(theirs, INTERACTIONS), latest
        version = max(horizon, min(latest, (speed.frontier if speed else None) or 0))
        settled = lake.read(self.spark, self.settings, INTERACTIONS.at("batch"), batch.version if batch else None)
        recent = lake.read(self.spark, self.settings, INTERACTIONS.at("speed"), speed.version if speed else None)
        recent = recent.where((F.col("version") > horizon) & (F.col("version") <= version))
        rows = settled.select(*INTERACTIONS.names).unionByName(recent.select(*INTERACTIONS.names))
        return fold(rows.join(shoppers, how="left_semi", on="user_id"), INTERACTIONS), version
