"""Serving layer: bring what changed in the serving tables since it was last published into Snowflake."""

import sys

from pyspark.sql import SparkSession

from mart import job, publish
from mart.edges import snowflake
from mart.settings import Settings
from mart.tables import SERVED


def main(spark: SparkSession, settings: Settings, options: job.Options) -> None:
    """Publish every serving table, one line each on stderr."""
    if not snowflake.configured(settings):
        print("no Snowflake in the settings (snowflake.host): nothing is published", file=sys.stderr)
        return
    for delivery in publish.publish(spark, settings, SERVED):
        what = "the whole table" if delivery.whole else "changes"
        told = f"{what}, {delivery.staged:,} rows" if delivery.whole or delivery.staged else "nothing new"
        print(f"{delivery.table}: version {delivery.version}: {told}", file=sys.stderr)


if __name__ == "__main__":
    job.run(main)
