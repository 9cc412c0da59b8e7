"""Batch layer: bring the batch tables to the newest version of the events."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import layers
from mart.settings import Settings
from mart.tables import FOLDABLE


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Fold the events since the last run into each table; with `--full` all of them, from nothing."""
    for table in FOLDABLE:
        horizon = layers.refresh(spark, settings, table, options.full)
        job.say(f"batch.{table.name}: at version {horizon}" if horizon is not None else "no events yet")


if __name__ == "__main__":
    job.run(main)
