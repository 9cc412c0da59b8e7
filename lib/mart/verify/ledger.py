"""The ledger law: offsets without gap or repeat, and every record that landed accounted for.

landed = events + duplicates + rejects, per source partition; processed.events holds just the events of landing.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.edges import changefeed, delta, lake
from mart.settings import Settings
from mart.tables import EVENTS, LANDING_ACTIVITY
from mart.verify.finding import Finding

_COORDINATES = ["source", "partition", "offset"]


def verify(spark: SparkSession, settings: Settings) -> list[Finding]:
    """Check landing against itself, and the events against landing at the version they stand at."""
    stands = delta.standing(settings, LANDING_ACTIVITY, "-")
    if stands is None:
        return [Finding("ledger", "landing.activity", "nothing has landed yet", off=False)]
    landing = lake.read(spark, settings, LANDING_ACTIVITY, stands.version)
    return [*_offsets(landing), *_events(spark, settings), *_repeats(spark, settings)]


def _offsets(landing: DataFrame) -> list[Finding]:
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
    return [*findings, Finding("ledger", "landing.activity", told, off=False)]


def _events(spark: SparkSession, settings: Settings) -> list[Finding]:
    upto = lake.frontier(settings, EVENTS, "landing") or 0
    said = lake.read(spark, settings, LANDING_ACTIVITY, upto).where(F.col("outcome") == "event").select(*_COORDINATES)
    kept = lake.read(spark, settings, EVENTS).select(*_COORDINATES)
    missing, strange = said.exceptAll(kept).count(), kept.exceptAll(said).count()
    detail = f"equal the events of landing at version {upto}"
    if missing or strange:
        detail = (
            f"landing at version {upto} has {missing} events that are missing here, and lacks {strange} that are here"
        )
    waiting = (lake.version(settings, LANDING_ACTIVITY) or 0) - upto
    later = changefeed.added(spark, settings, LANDING_ACTIVITY, upto, upto + waiting) if waiting else None
    left = later.where(F.col("outcome") == "event").count() if later is not None else 0
    findings = [Finding("ledger", "processed.events", detail, off=bool(missing or strange))]
    if left:
        detail = f"{left} events have landed but are not there yet: run streaming/ingest_activity"
        findings.append(Finding("ledger", "processed.events", detail, off=True))
    return findings


def _repeats(spark: SparkSession, settings: Settings) -> list[Finding]:
    """An event twice is off; one id at two instants are two events, and somebody should know."""
    ids = (
        lake.read(spark, settings, EVENTS)
        .groupBy("event_id")
        .agg(F.count(F.lit(1)).alias("events"), F.count_distinct("event_at").alias("instants"))
    )
    row = ids.agg(
        F.sum(F.col("events") - F.col("instants")).alias("twice"), F.count_if(F.col("instants") > 1).alias("ambiguous")
    ).first()
    assert row is not None
    twice, ambiguous = row["twice"] or 0, row["ambiguous"]
    findings = [Finding("repeats", "processed.events", f"{twice} events are there more than once", off=twice > 0)]
    if ambiguous:
        detail = f"{ambiguous} event_ids stand at several instants: each counts as an event of its own"
        findings.append(Finding("repeats", "processed.events", detail, off=False))
    return findings
