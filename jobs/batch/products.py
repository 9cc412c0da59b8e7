"""Batch layer: keep the catalogue, from what the inbox says about products."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.edges import feeds, lake
from mart.settings import Settings
from mart.tables import PRODUCTS
from mart.views import products


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Fold the inbox into processed.products: the newest state of each product, whatever the order of the files."""
    lake.ensure(spark, settings, PRODUCTS)
    lines = products.parse(feeds.files(spark, settings, "products")).persist()
    good = lines.where(F.col("fault").isNull()).select(*PRODUCTS.names)
    before = lake.read(spark, settings, PRODUCTS)
    now = products.newest(before.unionByName(good)).localCheckpoint()  # it reads the table that it replaces
    if not now.exceptAll(before).isEmpty():
        lake.overwrite(settings, PRODUCTS, now)
    job.say(f"processed.products: {now.count()} products")
    for row in lines.where(F.col("fault").isNotNull()).groupBy("file", "fault").count().limit(20).collect():
        job.say(f"processed.products: {row['count']} lines of {row['file']} left out: {row['fault']}")
    lines.unpersist()


if __name__ == "__main__":
    job.run(main)
