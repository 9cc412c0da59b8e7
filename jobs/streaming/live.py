"""Live: one micro-batch goes through ingest, speed and serving from the same rows."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery import arrivals
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Activity
from mart.delivery.live import Live
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the topic and the inbox through all three layers."""
    stream, ingest = Stream(settings, options), Ingest(Activity(spark, settings))
    live = Live(spark, settings)
    live.catch_up()
    arrivals.follow(stream, ingest, live.advance)
    return stream


if __name__ == "__main__":
    job.run(main)
