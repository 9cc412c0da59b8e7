"""Batch layer: learn what shoppers want from batch.interactions, and release the model if it is good enough.

The first model becomes champion, since any model is more than none. A later one does if on held-out products its nDCG is at
least popularity's; else it stays challenger, and serving keeps to the champion. Released last: a run that is killed before
leaves serving as it was.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import __version__, job
from mart.edges import delta, lake, registry
from mart.models import als, evaluate
from mart.settings import Settings
from mart.tables import INTERACTIONS, ITEM_FACTORS, USER_FACTORS


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Train on all of batch.interactions at its horizon."""
    standing = delta.standing(settings, INTERACTIONS.at("batch"))
    if standing is None or standing.frontier is None:
        return job.say("no model: batch.interactions is not there yet, run batch/views first")
    interactions = lake.read(spark, settings, INTERACTIONS.at("batch"), standing.version)
    confidence = als.confidence(interactions).persist()
    users, products = (confidence.select(column).distinct().count() for column in ("user_id", "product_id"))
    if min(users, products) < 2:
        return job.say(f"no model: it takes 2 shoppers and 2 products, batch.interactions has {users} and {products}")
    scores = evaluate.compare(confidence, settings.als)
    fitted = als.fit(confidence, settings.als)
    params = settings.als.model_dump() | {"shoppers": users, "products": products, "pairs": confidence.count()}
    tags = {"code_version": __version__, "period": _period(interactions)}
    version = registry.record(settings, fitted.model, standing.frontier, params, scores, tags)
    lake.ensure(spark, settings, USER_FACTORS, ITEM_FACTORS)
    made = {"model_version": F.lit(version), "made_from_version": F.lit(standing.frontier)}
    for table, factors in ((USER_FACTORS, fitted.user_factors), (ITEM_FACTORS, fitted.item_factors)):
        lake.overwrite(settings, table, factors.withColumns(made), where=f"model_version = '{version}'")
    confidence.unpersist()
    return _release(settings, version, scores)


def _release(settings: Settings, version: str, scores: dict[str, float]) -> None:
    first = registry.released(settings) is None
    alias = registry.CHAMPION if first or evaluate.beats_popularity(scores) else registry.CHALLENGER
    registry.release(settings, version, alias)
    told = ", ".join(f"{name} {value:.4f}" for name, value in scores.items() if "ndcg" in name)
    became = f"model {version} is {alias}{' (the first)' if first else ''}"
    job.say(f"{became}: {told or 'nothing could be held out to measure it'}")


def _period(interactions: DataFrame) -> str:
    row = interactions.agg(F.min("first_at").alias("first"), F.max("last_at").alias("last")).first()
    return f"{row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}" if row and row["first"] else ""


if __name__ == "__main__":
    job.run(main)
