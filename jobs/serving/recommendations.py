"""Serving layer: what to show each shopper next, into serving.recommendations.

In: the champion's factors, interactions and popularity from whichever layer stands further, the catalogue.
Out: the whole table anew: the popular products for everyone, and each shopper's own list. Who has done something since the
model was trained, or is new, is folded in.
"""

from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.delivery import scoring
from mart.edges import delta, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import INTERACTIONS, POPULARITY, PRODUCTS, RECOMMENDATIONS
from mart.views import recommendations as views


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Make all lists anew."""
    counts, history = _freshest(spark, settings, POPULARITY), _freshest(spark, settings, INTERACTIONS)
    if counts is None or history is None:
        return job.say("nothing to recommend from: run batch/views or serving/merge first")
    products = lake.read(spark, settings, PRODUCTS)
    popular = views.everyone(counts[0], products, settings.als.top_n, settings.als.taste)
    lists = _made(popular, None, counts[1])
    if model := scoring.champion(spark, settings):
        users = model.current(history[0], history[1])
        personal = scoring.lists(spark, settings, users, model.items, history[0])
        lists = lists.unionByName(_made(personal, model.released.version, history[1]))
    else:
        job.say("no model yet, or none in this lake (batch/train_als makes one): popular products for everyone")
    lake.ensure(spark, settings, RECOMMENDATIONS)
    lake.overwrite(settings, RECOMMENDATIONS, lists, at=("events", min(counts[1], history[1])), anew=True)
    return None


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
