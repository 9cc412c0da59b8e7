"""Enrich: each event with its product and its shopper's history, seconds after it happened."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.enrich import Enrich
from mart.delivery.follow import follow
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the events."""
    stream, enrich = Stream(settings, options), Enrich(spark, settings)
    follow(stream, spark, settings, "enrich", enrich.stands, enrich.advance)
    return stream


if __name__ == "__main__":
    job.run(main)
