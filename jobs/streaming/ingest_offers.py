"""Ingest: land what crawls saw, from Kafka and from files, and keep offers and reviews."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import arrivals
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Offers
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the topic and the inbox."""
    stream = Stream(settings, options)
    arrivals.follow(stream, Ingest(Offers(spark, settings)))
    return stream


if __name__ == "__main__":
    job.run(main)
