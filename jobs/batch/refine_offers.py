"""Batch layer: staged records of product pages become the final tables, in Snowflake and on the lake.

One script for EMR (`spark-submit refine_offers.py --settings FILE`) and for Glue (the same arguments as job parameters).
"""

from pyspark.sql import SparkSession

from mart import job
from mart.edges import snowflake
from mart.refine.run import refine
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Take in what is staged, once; doing it again finds nothing."""
    if not snowflake.configured(settings):
        job.say("no Snowflake in the settings (snowflake.host): nothing is staged, nothing to refine")
        return
    done = refine(spark, settings)
    job.say(f"refined {done.rows:,} staged rows: {done.offers:,} offers of {done.products:,} products")


if __name__ == "__main__":
    job.run(main)
