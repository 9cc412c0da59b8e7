"""Serving layer: bring the serving tables to where batch and speed stand."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import layers
from mart.settings import Settings
from mart.tables import FOLDABLE


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Merge batch and speed of each table; side by side, since most of a small merge is planning."""
    with ThreadPoolExecutor(len(FOLDABLE)) as pool:
        standing = list(pool.map(partial(layers.materialise, spark, settings), FOLDABLE))
    for table, stands in zip(FOLDABLE, standing, strict=True):
        what = f"at version {stands}" if stands is not None else "nothing yet"
        job.say(f"serving.{table.name}: {what}")


if __name__ == "__main__":
    job.run(main)
