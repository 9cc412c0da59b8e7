"""Batch layer: keep the rates of currencies, from what `mart rates load` put into the inbox."""

from pyspark.sql import SparkSession

from mart import job
from mart.edges import feeds, lake
from mart.settings import Settings
from mart.tables import RATES
from mart.views import rates


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Fold the inbox into processed.rates, whatever the order of the files."""
    lake.ensure(spark, settings, RATES)
    now = rates.newest(feeds.files(spark, settings, "rates")).localCheckpoint()
    if not now.exceptAll(lake.read(spark, settings, RATES)).isEmpty():
        lake.overwrite(settings, RATES, now)
    job.say(f"processed.rates: {now.count()} rates")


if __name__ == "__main__":
    job.run(main)
