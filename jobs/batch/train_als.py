"""Batch layer: learn what shoppers want from batch.interactions, and release the model if the gate lets it.

A model is measured, recorded as a new version, its factors are written, and last it becomes challenger, and champion if it is
better than popularity and no worse than the champion's configuration. A run that is killed leaves serving as it was.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart import job, release, training
from mart.edges import lake
from mart.settings import Settings
from mart.tables import ITEM_FACTORS, USER_FACTORS


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Train on all of batch.interactions at its horizon."""
    try:
        learned = training.learn(spark, settings)
    except training.TooLittle as error:
        return job.say(f"no model: {error}")
    version = training.record(settings, learned)
    lake.ensure(spark, settings, USER_FACTORS, ITEM_FACTORS)
    made = {"model_version": F.lit(version), "made_from_version": F.lit(learned.lineage.made_from)}
    for table, factors in ((USER_FACTORS, learned.trained.user_factors), (ITEM_FACTORS, learned.trained.item_factors)):
        lake.overwrite(settings, table, factors.withColumns(made), where=f"model_version = '{version}'")
    return job.say(release.enter(settings, version))


if __name__ == "__main__":
    job.run(main)
