"""Offer alerts: what changed on the market, told once, seconds after a crawl saw it."""

from pyspark.sql import SparkSession

from mart import job
from mart.delivery.follow import follow
from mart.delivery.offer_alerts import Alerts
from mart.delivery.stream import Stream
from mart.settings import Settings
from mart.tables import OFFERS


def main(spark: SparkSession, settings: Settings, options: job.Options) -> Stream:
    """Follow the sightings of offers."""
    stream, alerts = Stream(settings, options), Alerts(spark, settings)
    follow(stream, spark, settings, "offer_alerts", alerts.stands, alerts.advance, upstream=OFFERS)
    return stream


if __name__ == "__main__":
    job.run(main)
