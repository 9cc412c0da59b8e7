"""The ledger law: offsets without gap or repeat, and every record that landed accounted for.

landed = events + duplicates + rejects, per source partition; the master table holds just the events of its landing.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import changefeed, delta, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY, LANDING_OFFERS, OFFERS
from mart.verify.finding import Finding

_COORDINATES = ["source", "partition", "offset"]


@dataclass(frozen=True)
class Ledger:
    """A kind of records: where they land, what the good ones become, and the job that does it."""

    landing: Table
    master: Table
    job: str


LEDGERS = (
    Ledger(LANDING_ACTIVITY, EVENTS, "streaming/ingest_activity"),
    Ledger(LANDING_OFFERS, OFFERS, "streaming/ingest_offers"),
)


def verify(spark: SparkSession, settings: Settings) -> list[Finding]:
    """Check each landing against itself, and its master table against it at the version that stands there."""
    return [finding for ledger in LEDGERS for finding in _verify(spark, settings, ledger)]


def _verify(spark: SparkSession, settings: Settings, ledger: Ledger) -> list[Finding]:
    stands = delta.standing(settings, ledger.landing, "-")
    if stands is None:
        return [Finding("ledger", ledger.landing.full_name, "nothing has landed yet", off=False)]
    landing = lake.read(spark, settings, ledger.landing, stands.version)
    found = [
        *_offsets(landing, ledger.landing),
        *_master(spark, settings, ledger),
        _twice(spark, settings, ledger.master),
    ]
    return found + (_ambiguous(spark, settings) if ledger.master == EVENTS else [])


def _offsets(landing: DataFrame, table: Table) -> list[Finding]:
    """A file, a partition: its offsets are a row of whole numbers. A requeue takes rejects only, so it has gaps."""
    number = F.col("offset").cast("bigint")
    is_event, is_twin = F.col("outcome") == "event", F.col("outcome") == "duplicate"
    per_partition = landing.groupBy("source", "partition").agg(
        F.count(F.lit(1)).alias("landed"),
        F.count_distinct(number).alias("distinct"),
        (F.max(number) - F.min(number) + 1).alias("span"),
        F.count_if(is_event).alias("events"),
        F.count_if(is_twin).alias("duplicates"),
        F.count_if(~is_event & ~is_twin).alias("rejects"),
    )
    repeated = F.col("landed") != F.col("distinct")
    gap = ~F.col("source").startswith("requeue:") & (F.col("distinct") != F.col("span"))
    unbalanced = F.col("landed") != F.col("events") + F.col("duplicates") + F.col("rejects")
    off = per_partition.where(repeated | gap | unbalanced).orderBy("source", "partition").limit(20).collect()
    findings = [
        Finding(
            "offsets",
            f"{r['source']}, partition {r['partition']}",
            f"{r['landed']} records at {r['distinct']} offsets within a span of {r['span']}",
            off=True,
        )
        for r in off
    ]
    total = per_partition.agg(
        *[F.sum(name).alias(name) for name in ("landed", "events", "duplicates", "rejects")]
    ).first()
    assert total is not None
    told = ", ".join(f"{total[name] or 0:,} {name}" for name in ("landed", "events", "duplicates", "rejects"))
    return [*findings, Finding("ledger", table.full_name, told, off=False)]


def _master(spark: SparkSession, settings: Settings, ledger: Ledger) -> list[Finding]:
    table, master = ledger.landing, ledger.master
    upto = lake.frontier(settings, master, "landing") or 0
    said = lake.read(spark, settings, table, upto).where(F.col("outcome") == "event").select(*_COORDINATES)
    kept = lake.read(spark, settings, master).select(*_COORDINATES)
    missing, strange = said.exceptAll(kept).count(), kept.exceptAll(said).count()
    detail = f"equal the events of landing at version {upto}"
    if missing or strange:
        detail = (
            f"landing at version {upto} has {missing} events that are missing here, and lacks {strange} that are here"
        )
    waiting = (lake.version(settings, table) or 0) - upto
    later = changefeed.added(spark, settings, table, upto, upto + waiting) if waiting else None
    left = later.where(F.col("outcome") == "event").count() if later is not None else 0
    findings = [Finding("ledger", master.full_name, detail, off=bool(missing or strange))]
    if left:
        detail = f"{left} events have landed but are not there yet: run {ledger.job}"
        findings.append(Finding("ledger", master.full_name, detail, off=True))
    return findings


def _twice(spark: SparkSession, settings: Settings, master: Table) -> Finding:
    rows = lake.read(spark, settings, master)
    twice = rows.count() - rows.select(*master.key).distinct().count()
    what = "events" if master == EVENTS else "sightings"
    return Finding("repeats", master.full_name, f"{twice} {what} are there more than once", off=twice > 0)


def _ambiguous(spark: SparkSession, settings: Settings) -> list[Finding]:
    """One id at two instants are two events, and somebody should know."""
    ids = lake.read(spark, settings, EVENTS).groupBy("event_id").agg(F.count_distinct("event_at").alias("instants"))
    ambiguous = ids.where("instants > 1").count()
    detail = f"{ambiguous} event_ids stand at several instants: each counts as an event of its own"
    return [Finding("repeats", "processed.events", detail, off=False)] if ambiguous else []
