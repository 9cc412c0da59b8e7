"""Serving layer: bring the serving tables to where batch and speed stand."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import layers
from mart.settings import Settings
from mart.tables import FOLDABLE


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Merge batch and speed of each table."""
    for table in FOLDABLE:
        stands = layers.materialise(spark, settings, table)
        job.say(
            f"serving.{table.name}: at version {stands}" if stands is not None else f"serving.{table.name}: nothing yet"
        )


if __name__ == "__main__":
    job.run(main)
