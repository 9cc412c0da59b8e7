"""Serving layer: what to show each shopper next, into serving.recommendations.

In: the champion's factors, interactions and popularity from whichever layer stands further, the catalogue.
Out: the whole table anew: the popular products for everyone, and each known shopper's own list.
"""

from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.edges import delta, lake, registry
from mart.models import topn
from mart.schema import Table
from mart.settings import Settings
from mart.tables import INTERACTIONS, ITEM_FACTORS, POPULARITY, PRODUCTS, RECOMMENDATIONS, USER_FACTORS
from mart.views import recommendations as views


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Make all lists anew."""
    counts, history = _freshest(spark, settings, POPULARITY), _freshest(spark, settings, INTERACTIONS)
    if counts is None or history is None:
        return job.say("nothing to recommend from: run batch/views or serving/merge first")
    products = lake.read(spark, settings, PRODUCTS)
    lists = _made(views.everyone(counts[0], products, settings.als.top_n), None, counts[1])
    if model := registry.released(settings):
        personal = _personal(spark, settings, model.version, history[0], products)
        lists = lists.unionByName(_made(personal, model.version, history[1]))
    else:
        job.say("no model yet (batch/train_als makes one): popular products for everyone, nothing personal")
    lake.ensure(spark, settings, RECOMMENDATIONS)
    lake.overwrite(settings, RECOMMENDATIONS, lists, at=("events", min(counts[1], history[1])), anew=True)
    return None


def _personal(
    spark: SparkSession, settings: Settings, version: str, history: DataFrame, products: DataFrame
) -> DataFrame:
    """Rank for the shoppers that the model knows."""
    ours = F.col("model_version") == version
    users, items = (lake.read(spark, settings, table).where(ours) for table in (USER_FACTORS, ITEM_FACTORS))
    candidates = topn.products(views.eligible(items, products))
    if not len(candidates.ids):
        job.say(f"the champion, model {version}, has no factors in this lake: nothing personal; run batch/train_als")
    shoppers = users.join(views.histories(history, products), "user_id", how="left")
    return views.personal(topn.recommend(shoppers, candidates, settings.als.top_n))


def _freshest(spark: SparkSession, settings: Settings, table: Table) -> tuple[DataFrame, int] | None:
    """Read the layer that stands at the newest version of events, and say which; None where neither layer has rows yet."""
    found = [(layer, delta.standing(settings, layer)) for layer in (table.at("serving"), table.at("batch"))]
    there = [(layer, at.version, at.frontier) for layer, at in found if at and at.frontier is not None]
    if not there:
        return None
    layer, version, frontier = max(there, key=lambda one: one[2])
    return lake.read(spark, settings, layer, version), frontier


def _made(lists: DataFrame, model: str | None, version: int) -> DataFrame:
    stamps = {"model_version": model, "made_from_version": version, "made_at": datetime.now(UTC)}
    return lists.withColumns({name: F.lit(value) for name, value in stamps.items()})


if __name__ == "__main__":
    job.run(main)
