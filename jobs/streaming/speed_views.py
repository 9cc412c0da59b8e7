"""Speed layer: keep the speed tables seconds behind the events."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.follow import Speed, follow
from mart.delivery.stream import Stream
from mart.settings import Settings
from mart.tables import FOLDABLE


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the events."""
    stream, speed = Stream(settings, options), Speed(spark, settings, FOLDABLE)
    follow(stream, spark, settings, "speed_views", speed.stands, speed.advance)
    return stream


if __name__ == "__main__":
    job.run(main)
