"""Enrich: each event with its product and its shopper's history, seconds after it happened."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.enrich import Enrich
from mart.delivery.follow import follow
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the events; with `--full` first take in all that are missing, whether or not their changes are still kept."""
    stream, enrich = Stream(settings, options), Enrich(spark, settings)
    if options.full:
        enrich.make_up()
    follow(stream, spark, settings, "enrich", enrich.stands, enrich.advance)
    return stream


if __name__ == "__main__":
    job.run(main)
