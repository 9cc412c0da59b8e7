"""Live: the speed and serving tables, advanced from the rows that ingest has just appended; nothing is read back.

Three chained queries were four times slower (lambda-findings E). Serving tables whose changed keys lie in few partitions
are materialised at once; wide ones (interactions) are folded on read and materialised by serving/merge.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery import layers
from mart.delivery.follow import UPSTREAM, Speed, catch_up, refold
from mart.delivery.intake import Arrived
from mart.edges import delta
from mart.schema import Table
from mart.settings import Settings
from mart.tables import FOLDABLE

MATERIALISED = tuple(table for table in FOLDABLE if table.partition)


class Live:
    """Speed and serving behind one ingest. Frontiers are read once, here, and kept in memory."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self.speed = Speed(spark, settings, FOLDABLE)

    def catch_up(self) -> None:
        """Bring speed to the newest events, and serving to where speed and batch stand."""
        catch_up(self.spark, self.settings, self.speed.stands, self.speed.advance)
        for table in MATERIALISED:
            layers.materialise(self.spark, self.settings, table)

    def advance(self, arrived: Arrived) -> None:
        """Take the events of one version through speed and serving."""
        events = arrived.events.withColumn("_commit_version", F.lit(arrived.version))

        def materialise(table: Table, rows: DataFrame) -> None:
            if table in MATERIALISED:
                self._materialise(table.at("serving"), rows, arrived)

        self.speed.advance(events, arrived.version, materialise)

    def _materialise(self, table: Table, rows: DataFrame, arrived: Arrived) -> None:
        stands = delta.standing(self.settings, table, UPSTREAM)
        if stands and (stands.frontier or 0) < arrived.version:  # else serving/merge was quicker
            refold(self.spark, self.settings, table, stands, rows, arrived.version, arrived.days)
