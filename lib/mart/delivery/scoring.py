"""Score by the champion: what batch scoring and streaming fold-in do alike.

In: the champion's factors, the newest of the batch and of the speed layer, and rows of interactions. Out: factors of shoppers
folded in, and lists (user_id, rank, product_id, score, reason).
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import lake, registry
from mart.models import placing, topn
from mart.models.weighing import confidence
from mart.schema import Table
from mart.settings import Als, Settings
from mart.tables import ITEM_FACTORS, PRODUCTS, USER_FACTORS
from mart.tables.recommendations import FRESH_ITEM_FACTORS, FRESH_USER_FACTORS
from mart.views import recommendations as views


@dataclass(frozen=True)
class Champion:
    """The model that serving follows, with the newest factors of shoppers and of products: (user_id / product_id, factors)."""

    released: registry.Released
    users: DataFrame
    items: DataFrame

    @property
    def als(self) -> Als:
        return self.released.als

    def confidence(self, interactions: DataFrame) -> DataFrame:
        """Weigh acts as in training: (user_id, product_id, confidence)."""
        return confidence(interactions, self.als.taste, self.released.now)

    def fold_in(self, interactions: DataFrame) -> DataFrame:
        """Place shoppers by their full history: (user_id, factors); no row for who touched nothing that the model knows."""
        gram = placing.gram(self.items, self.als.rank)
        return placing.place(self.confidence(interactions), self.items, gram, "user_id", self.als)

    def current(self, interactions: DataFrame, version: int) -> DataFrame:
        """Place all shoppers of a history at a version of the events: (user_id, factors).

        Folded in is who has no factors yet or did something after the newest event that the model was trained on; an event
        that came late, with an older instant, waits for the next training, unless streaming/fold_in has seen it.
        """
        if version == self.released.made_from:
            return self.users
        newest = interactions.groupBy("user_id").agg(F.max("last_at").alias("last_at"))
        unknown = newest.join(self.users, "user_id", how="left_anti")
        active = (
            newest.where(F.col("last_at") > F.lit(self.released.now)).unionByName(unknown).select("user_id").distinct()
        )
        placed = self.fold_in(interactions.join(active, "user_id", how="left_semi")).localCheckpoint()
        return placed.unionByName(self.users.join(placed, "user_id", how="left_anti"))


def champion(spark: SparkSession, settings: Settings) -> Champion | None:
    """Find the champion and its newest factors; None where no model is released or this lake does not hold its factors."""
    released = registry.released(settings)
    if released is None:
        return None

    def newest(trained: Table, fresh: Table, key: str) -> DataFrame:
        ours = F.col("model_version") == released.version
        settled, recent = (lake.read(spark, settings, table).where(ours) for table in (trained, fresh))
        return views.newest_factors(settled, recent, key)

    items = newest(ITEM_FACTORS, FRESH_ITEM_FACTORS, "product_id").localCheckpoint()  # read again and again
    if items.isEmpty():
        return None
    return Champion(released, newest(USER_FACTORS, FRESH_USER_FACTORS, "user_id"), items)


def lists(
    spark: SparkSession, settings: Settings, users: DataFrame, items: DataFrame, interactions: DataFrame
) -> DataFrame:
    """List products for shoppers (user_id, factors), by their history and the catalogue of now."""
    products = lake.read(spark, settings, PRODUCTS)
    candidates = topn.with_newcomers(views.candidates(items, products))
    shoppers = users.join(views.histories(interactions, products, settings.als.taste), "user_id", how="left")
    return views.personal(topn.recommend(shoppers, candidates, settings.als.top_n))
