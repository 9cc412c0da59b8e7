"""Fold in: shoppers who did something get new factors and a new list, seconds behind the events.

Each batch of events: its shoppers are placed by their full history at just that version, then the products that they touched
by all of their shoppers (the half-step of alternating least squares), then the shoppers are ranked for. Factors and lists are
appended to tables of their own, each with the version that it stands at; who reads takes the newest (views/recommendations).
"""

from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery import scoring
from mart.delivery.follow import BUCKET, UPSTREAM, lifted
from mart.delivery.scoring import Champion
from mart.edges import changefeed, delta, lake, registry, upkeep
from mart.models import placing
from mart.schema import Table
from mart.schema import spark as types
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, RECOMMENDATIONS
from mart.tables.recommendations import FRESH_ITEM_FACTORS, FRESH_RECOMMENDATIONS, FRESH_USER_FACTORS
from mart.views.fold import fold

TABLES = (FRESH_USER_FACTORS, FRESH_ITEM_FACTORS, FRESH_RECOMMENDATIONS)


class FoldIn:
    """The fresh factors and lists, advanced from one batch of events to the next. Frontiers are read once, here."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings, self.half_step = spark, settings, settings.fold_in
        lake.ensure(spark, settings, *TABLES)
        self.frontiers = {table.full_name: self._start(table) for table in TABLES}
        self._grams: dict[str, placing.Gram] = {}  # of shoppers' factors, by the model's version; one at a time

    @property
    def stands(self) -> int:
        """The version that every table has reached."""
        return min(self.frontiers.values())

    def _start(self, table: Table) -> int:
        """Where to go on: what the batch layer's lists were made from needs no list here."""
        return max(lake.frontier(self.settings, one, UPSTREAM) or 0 for one in (table, RECOMMENDATIONS))

    def advance(self, events: DataFrame, upto: int) -> None:
        """Fold in what the events of versions up to `upto` change. In: events with `_commit_version`, whole versions.

        Killed between two writes, the same is computed again, and written where it is missing.
        """
        fresh = events.where(F.col("_commit_version") > self.stands)
        touched = lifted(fresh, INTERACTIONS).select("user_id", "product_id").localCheckpoint()
        model = None if touched.isEmpty() else scoring.champion(self.spark, self.settings)
        made = self._made(touched, model, upto) if model else {}
        for table in TABLES:
            rows = made.get(table.full_name, self.spark.createDataFrame([], types.struct(table)))
            lake.append(self.settings, table, rows, at=(UPSTREAM, upto))
            self.frontiers[table.full_name] = upto

    def _made(self, touched: DataFrame, model: Champion, upto: int) -> dict[str, DataFrame]:
        rows = history(self.spark, self.settings, upto)
        theirs = rows.join(F.broadcast(touched.select("user_id").distinct()), "user_id", how="left_semi")
        acts = fold(theirs, INTERACTIONS).localCheckpoint()
        placed = model.fold_in(acts).localCheckpoint()
        moved = self._half_step(touched, rows, placed, model).localCheckpoint()
        lists = scoring.lists(self.spark, self.settings, placed, _over(moved, model.items, "product_id"), acts)
        stamps = {
            "model_version": model.released.version,
            "made_from_version": upto,
            "bucket": upto // BUCKET,
            "made_at": datetime.now(UTC),
        }
        values = {name: F.lit(value) for name, value in stamps.items()}
        made = zip(TABLES, (placed, moved, lists), strict=True)
        return {table.full_name: rows.withColumns(values) for table, rows in made}

    def _half_step(self, touched: DataFrame, rows: DataFrame, placed: DataFrame, model: Champion) -> DataFrame:
        """Place the products that were touched by all who did something with them: (product_id, factors)."""
        products = F.broadcast(touched.select("product_id").distinct())
        sure = model.confidence(fold(rows.join(products, "product_id", how="left_semi"), INTERACTIONS))
        shoppers = sure.groupBy("product_id").agg(F.count(F.lit(1)).alias("shoppers"))
        known = model.items.select("product_id", F.lit(True).alias("known"))
        enough = F.col("known").isNotNull() | (F.col("shoppers") >= self.half_step.least_shoppers)
        few = F.col("shoppers") <= self.half_step.most_shoppers
        wanted = shoppers.join(known, "product_id", how="left").where(enough & few).select("product_id")
        pairs = sure.join(wanted, "product_id", how="left_semi")
        users = _over(placed, model.users, "user_id")
        return placing.place(pairs, users, self._gram(model, placed), "product_id", model.als)

    def _gram(self, model: Champion, placed: DataFrame) -> placing.Gram:
        """Multiply the factors of all shoppers with themselves, by what has changed since the last time."""
        version, rank = model.released.version, model.als.rank
        before = self._grams.get(version)
        if before is None:
            before = placing.gram(model.users, rank)
        were = model.users.join(placed.select("user_id"), "user_id", how="left_semi")
        self._grams = {version: before + placing.gram(placed, rank) - placing.gram(were, rank)}
        return self._grams[version]


def history(spark: SparkSession, settings: Settings, upto: int) -> DataFrame:
    """Read what shoppers did up to a version of the events, of which speed may not have all yet: rows of interactions to fold.

    Where the batch layer is ahead, up to its horizon. The speed snapshot is pinned first, as in delivery/layers.
    """
    speed, batch = (delta.standing(settings, INTERACTIONS.at(layer), UPSTREAM) for layer in ("speed", "batch"))
    horizon = (batch.frontier if batch else None) or 0
    reached = max(horizon, min(upto, (speed.frontier if speed else None) or 0))
    settled = lake.read(spark, settings, INTERACTIONS.at("batch"), batch.version if batch else None)
    recent = lake.read(spark, settings, INTERACTIONS.at("speed"), speed.version if speed else None)
    recent = recent.where((F.col("version") > horizon) & (F.col("version") <= reached))
    rows = settled.select(*INTERACTIONS.names).unionByName(recent.select(*INTERACTIONS.names))
    if reached >= upto:
        return rows
    feed = changefeed.added(spark, settings, EVENTS, reached, upto)
    return rows.unionByName(lifted(feed, INTERACTIONS).select(*INTERACTIONS.names))


def tidy(settings: Settings) -> None:
    """Drop the buckets that the batch layer has gone past: lists by its own lists, factors by the champion's. Raises Conflict."""
    listed = lake.frontier(settings, RECOMMENDATIONS, UPSTREAM) or 0
    released = registry.released(settings)
    trained = min(listed, released.made_from) if released else 0
    for table, past in ((FRESH_RECOMMENDATIONS, listed), (FRESH_USER_FACTORS, trained), (FRESH_ITEM_FACTORS, trained)):
        upkeep.drop_buckets(settings, table, below=(past + 1) // BUCKET)


def _over(newer: DataFrame, older: DataFrame, key: str) -> DataFrame:
    """Lay newer factors over older ones: (key, factors)."""
    kept = older.select(key, "factors").join(newer.select(key), key, how="left_anti")
    return newer.select(key, "factors").unionByName(kept)
