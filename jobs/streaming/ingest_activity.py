"""Ingest: land what shoppers do, from Kafka and from files, and keep the events."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import arrivals
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Activity
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the topic and the inbox."""
    stream = Stream(settings, options)
    arrivals.follow(stream, Ingest(Activity(spark, settings)))
    return stream


if __name__ == "__main__":
    job.run(main)
