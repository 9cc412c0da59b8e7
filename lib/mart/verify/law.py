"""The lambda law: what batch, serving and the merged answer show equals a recompute of the events at that version."""

from pyspark.sql import DataFrame, SparkSession

from mart.delivery import layers
from mart.delivery.follow import UPSTREAM, lifted
from mart.edges import delta, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, FOLDABLE
from mart.verify.finding import Finding


def verify(spark: SparkSession, settings: Settings) -> list[Finding]:
    """Check each foldable table, row for row: the batch table, the serving table, and batch and speed folded on read."""
    return [finding for table in FOLDABLE for finding in _verify(spark, settings, table)]


def _verify(spark: SparkSession, settings: Settings, table: Table) -> list[Finding]:
    findings = []
    recomputed: dict[int, DataFrame] = {}  # batch and serving often stand at one version

    def compared(subject: str, rows: DataFrame, version: int) -> Finding:
        if version not in recomputed:
            events = lake.read(spark, settings, EVENTS, version)
            recomputed[version] = lifted(events, table).select(*table.comparable).localCheckpoint()
        return _compared(subject, rows.select(*table.comparable).localCheckpoint(), recomputed[version], version)

    for physical in (table.at("batch"), table.at("serving")):
        stands = delta.standing(settings, physical, UPSTREAM)
        if stands is None or stands.frontier is None:
            findings.append(Finding("law", physical.full_name, "nothing there yet", off=False))
            continue
        rows = lake.read(spark, settings, physical, stands.version)
        findings.append(compared(physical.full_name, rows, stands.frontier))
    rows, version = layers.answer(spark, settings, table)
    if version is not None:
        findings.append(compared(f"{table.name} (batch and speed)", rows, version))
    return findings


def _compared(subject: str, shown: DataFrame, true: DataFrame, version: int) -> Finding:
    missing, wrong = true.exceptAll(shown), shown.exceptAll(true)
    counts = missing.count(), wrong.count()
    if not any(counts):
        return Finding("law", subject, f"{true.count():,} rows equal a recompute at version {version}", off=False)
    examples = [str(row.asDict()) for row in [*missing.limit(1).collect(), *wrong.limit(1).collect()]]
    detail = f"at version {version} {counts[0]} rows are missing and {counts[1]} are wrong, e.g. {'; '.join(examples)}"
    return Finding("law", subject, detail, off=True)
