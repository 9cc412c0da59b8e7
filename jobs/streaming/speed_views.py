"""Speed layer: keep the speed tables seconds behind the events."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.follow import Speed
from mart.delivery.stream import Stream
from mart.settings import Settings
from mart.tables import FOLDABLE


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the events."""
    stream = Stream(settings, options)
    Speed(spark, settings, FOLDABLE).follow(stream)
    return stream


if __name__ == "__main__":
    job.run(main)
