"""Ingest: what arrives is landed with its outcome, and what is good goes on into the tables that follow landing.

In: micro-batches of raw records (views/sources) of one kind (delivery/intake). Out: the kind's landing table, then its master
table and whatever else follows landing. One ingest process of a kind at a time (DESIGN 4).
"""

from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import mart
from mart.delivery.intake import Arrived, Intake
from mart.delivery.positions import Positions
from mart.delivery.survey import Survey, look
from mart.edges import changefeed, lake
from mart.views import landing
from mart.views.sources import RAW

FEW = 100_000  # duplicates of a micro-batch that each task may hold in memory, some 10 MB; Spark does not know how many


class Ingest:
    """Lands micro-batches. Positions are read once, here, and kept in memory."""

    def __init__(self, intake: Intake) -> None:
        self.intake, self.spark, self.settings = intake, intake.spark, intake.settings
        self._started = datetime.now(UTC)
        lake.ensure(self.spark, self.settings, intake.landing, *intake.tables)
        self._catch_up()
        self.positions = Positions(self.spark, self.settings, intake.landing, intake.topic)

    def parse(self, records: DataFrame) -> DataFrame:
        """Read what raw records say; row by row, so a stream's plan holds it, and it is analysed once."""
        return self.intake.parse(records)

    def __call__(self, parsed: DataFrame, batch: int) -> Arrived | None:
        """Land what has not landed. Returns the new rows; None where no record was good. Raises Refused for a gap."""
        stamps = {"code_version": F.lit(mart.__version__), "batch": F.lit(f"{self._started:%Y%m%dT%H%M%S}-{batch}")}
        frozen = parsed.withColumns(stamps).localCheckpoint()
        survey = look(frozen, self.intake.at)
        fresh = self.positions.beyond(frozen, survey.ranges)
        if not any(self.positions.has_new(found) for found in survey.ranges):
            return None
        decided = landing.decide(fresh, self._repeated(fresh, survey))
        version = lake.append(self.settings, self.intake.landing, decided).version
        self.positions.advance(survey.ranges)
        if not survey.days:  # rejects only
            return None
        return self.intake.accept(decided.where(F.col("outcome") == "event"), version, sorted(survey.days))

    def _repeated(self, fresh: DataFrame, survey: Survey) -> DataFrame:
        """Find the duplicates, and freeze them: every table is written from what they say.

        A cache would not do: the frame reads the master table, which is written next (lambda-findings A3).
        """
        master, identity = self.intake.master, self.intake.identity
        within = (self.intake.at, survey.spans())
        seen = lake.read_partitions(self.spark, self.settings, master, sorted(survey.days), within=within)
        repeated = landing.repeated(fresh, seen, identity).localCheckpoint()
        return F.broadcast(repeated) if repeated.count() <= FEW else repeated

    def _catch_up(self) -> None:
        """Take what has landed but was not taken in: a kill came between the writes."""
        table = self.intake.landing
        newest = lake.version(self.settings, table) or 0
        stands = self.intake.stands
        if stands >= newest:
            return
        missed = changefeed.added(self.spark, self.settings, table, stands, newest)
        good = self.parse(missed.where(F.col("outcome") == "event").select(*RAW))
        with changefeed.kept(table, stands, newest):
            if not good.isEmpty():
                self.intake.accept(good, newest, [])
