"""Fold in: new factors and lists for shoppers who did something, seconds after they did."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.fold_in import FoldIn
from mart.delivery.follow import follow
from mart.delivery.stream import Stream
from mart.settings import Settings


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the events."""
    stream, fold_in = Stream(settings, options), FoldIn(spark, settings)
    follow(stream, spark, settings, "fold_in", fold_in.stands, fold_in.advance)
    return stream


if __name__ == "__main__":
    job.run(main)
