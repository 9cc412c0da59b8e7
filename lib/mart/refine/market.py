"""The lake's side of refine: staged rows become enriched offers, and the tables of the market follow.

In: staged rows. Out: frames of what became of them, for Snowflake. The order of the writes is that of their dependence, and
each reads back what an earlier run, killed half-way, has already written of the same rows.
"""

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import lake
from mart.settings import Settings
from mart.tables import (
    CURRENT_OFFERS,
    ENRICHED_OFFERS,
    MARKET,
    OWN_PRODUCTS,
    PRICE_HISTORY,
    PRODUCTS,
    PRODUCTS_SOLD,
    RATES,
)
from mart.views import matching, refined
from mart.views.refined import OFFER


@dataclass(frozen=True)
class Made:
    """What became of the staged rows; all of it frozen.

    `timeline`: every sighting since the first staged one of each touched offer, with `changed` (it is a change point) and
    product_key. `products`: rows of PRODUCTS_SOLD that were touched.
    """

    staged: DataFrame
    timeline: DataFrame
    products: DataFrame


def advance(spark: SparkSession, settings: Settings, staged: DataFrame) -> Made:
    """Bring the lake's tables up to the staged rows."""
    lake.ensure(spark, settings, ENRICHED_OFFERS, PRODUCTS_SOLD, CURRENT_OFFERS, PRICE_HISTORY, OWN_PRODUCTS, MARKET)
    desk = Desk(spark, settings)
    rows = refined.once(refined.put_right(staged, settings.offers.categories)).localCheckpoint()
    touched = refined.touched(rows).localCheckpoint()
    enriched = desk.enrich(rows, touched)
    timeline = desk.timeline(touched, enriched)
    return Made(staged, timeline, desk.settle(timeline))


class Desk:
    """The tables as they stand when a run begins."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self.offers = lake.read(spark, settings, CURRENT_OFFERS, lake.version(settings, CURRENT_OFFERS))
        self.products = lake.read(spark, settings, PRODUCTS_SOLD, lake.version(settings, PRODUCTS_SOLD))
        self.rates = lake.read(spark, settings, RATES)
        self._founded = False  # whether this run has seen offers, and so perhaps products, that nobody has seen before

    def enrich(self, rows: DataFrame, touched: DataFrame) -> DataFrame:
        """Append what is not there yet. Returns every enriched sighting since the first of these rows, of their offers."""
        there = self._since(touched).localCheckpoint()
        known = self.offers.join(touched, how="semi", on=list(OFFER)).select(*OFFER, "product_key")
        known = known.unionByName(there.select(*OFFER, "product_key")).dropDuplicates(list(OFFER)).localCheckpoint()
        keys = known.unionByName(self._keys(rows.join(known, how="anti", on=list(OFFER))))
        fresh = rows.join(there, how="anti", on=list(ENRICHED_OFFERS.key))
        rated = refined.priced(fresh, self.rates, self.settings.offers.reference_currency)
        added = refined.with_keys(rated, keys).localCheckpoint()
        if not added.isEmpty():
            lake.append(self.settings, ENRICHED_OFFERS, added)
        return there.unionByName(added)

    def _since(self, touched: DataFrame) -> DataFrame:
        """Read the enriched sightings of the touched offers since the first staged one of each."""
        first = touched.agg(F.min("since")).first()
        assert first is not None
        begin: datetime = first[0]
        there = lake.read(self.spark, self.settings, ENRICHED_OFFERS).where(F.col("seen_day") >= F.lit(begin.date()))
        rows: DataFrame = there.join(touched, how="inner", on=list(OFFER)).where("seen_at >= since")
        return rows.select(*ENRICHED_OFFERS.names)

    def _keys(self, fresh: DataFrame) -> DataFrame:
        """Match offers that nobody has seen before. Most runs have none: nothing is matched then."""
        said = ("title", "brand", "category", "gtin", "mpn")
        new = fresh.groupBy(*OFFER).agg(*[F.min_by(name, "seen_at").alias(name) for name in said]).localCheckpoint()
        self._founded = not new.isEmpty()
        if not self._founded:
            return new.select(*OFFER, F.lit(None).cast("string").alias("product_key"))
        known = refined.representatives(self.products, self.offers)
        keys = matching.assign(_described(new), _described(known), keep=_frozen)
        return keys.select(*OFFER, "product_key").localCheckpoint()

    def timeline(self, touched: DataFrame, enriched: DataFrame) -> DataFrame:
        """Find the change points, and bring them into the price history."""
        here = self.offers.join(touched, how="inner", on=list(OFFER))
        before = here.where("seen_at < since").select(*OFFER, *refined.STATE)
        late = here.where("seen_at >= since").select(*OFFER, "since").localCheckpoint()
        if not late.isEmpty():  # the state before a late sighting stands in the history
            before = before.unionByName(self._before(late))
        timeline = refined.points(enriched, before).localCheckpoint()
        first = timeline.agg(F.min("seen_at")).first()
        assert first is not None
        changes = timeline.withColumns({"changed_at": F.col("seen_at"), "_deleted": ~F.col("changed")})
        if late.isEmpty():  # nothing to take away
            changes = changes.where("changed")
        lake.merge(self.spark, self.settings, PRICE_HISTORY, changes, since=("changed_at", first[0]))
        return timeline

    def _before(self, late: DataFrame) -> DataFrame:
        history = lake.read(self.spark, self.settings, PRICE_HISTORY).join(late, how="inner", on=list(OFFER))
        earlier = history.where("changed_at < since").groupBy(*OFFER)
        return earlier.agg(*[F.max_by(name, "changed_at").alias(name) for name in refined.STATE])

    def settle(self, timeline: DataFrame) -> DataFrame:
        """Bring current offers, products and the market up to date. Returns the products that were touched."""
        touched = timeline.select(*OFFER).distinct()
        there = self.offers.join(touched, how="semi", on=list(OFFER))
        now = refined.current(timeline, there).localCheckpoint()
        offers = self.offers.join(touched, how="anti", on=list(OFFER)).unionByName(now).localCheckpoint()
        keys = now.select("product_key").distinct().localCheckpoint()
        theirs = offers.join(keys, how="semi", on="product_key")
        stand = self.products.join(keys, how="semi", on="product_key")
        sold = refined.sold(theirs, timeline, stand).localCheckpoint()
        lake.merge(self.spark, self.settings, PRODUCTS_SOLD, sold)
        self._compare(offers, self.products.join(keys, how="anti", on="product_key").unionByName(sold))
        lake.merge(
            self.spark, self.settings, CURRENT_OFFERS, now
        )  # last: what stands here is what a later run builds on
        return sold

    def _compare(self, offers: DataFrame, products: DataFrame) -> None:
        """Compare the market as it stands now with our own prices."""
        own = self._rated_own().join(self._own_matches(products), how="inner", on="product_id")
        lake.overwrite(self.settings, MARKET, refined.market(offers, products, own))

    def _own_matches(self, products: DataFrame) -> DataFrame:
        """Find our own products among those that others sell: product_id, product_key.

        A match stays. Only products of ours that have none are compared, and only when there is anything new on one side.
        """
        there = lake.read(self.spark, self.settings, OWN_PRODUCTS).localCheckpoint()
        newest, stands = lake.version(self.settings, PRODUCTS), lake.frontier(self.settings, OWN_PRODUCTS, "products")
        if newest is None or (newest == stands and not self._founded):
            return there
        lacking = refined.as_offers(
            lake.read(self.spark, self.settings, PRODUCTS, newest), self.settings.offers.own_shop
        )
        lacking = lacking.join(there, how="anti", on="product_id").localCheckpoint()
        if lacking.isEmpty():
            return there
        surest = refined.surest(matching.pairs(_described(lacking), _described(products.drop("shops"))))
        found = surest.withColumn("product_id", F.col("offer_id")).localCheckpoint()
        lake.append(self.settings, OWN_PRODUCTS, found, at=None if newest == stands else ("products", newest))
        return there.unionByName(found.select(*OWN_PRODUCTS.names))

    def _rated_own(self) -> DataFrame:
        own = refined.as_offers(lake.read(self.spark, self.settings, PRODUCTS), self.settings.offers.own_shop)
        rated = refined.priced(own, self.rates, self.settings.offers.reference_currency)
        return rated.select("product_id", "price_reference")


def _described(rows: DataFrame) -> DataFrame:
    """Work out once what the rules of matching compare: it is most of what they cost."""
    return _frozen(matching.normalised(rows))


def _frozen(rows: DataFrame) -> DataFrame:
    return rows.localCheckpoint()
