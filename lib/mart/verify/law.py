"""The lambda law: what batch, serving and the merged answer show equals a recompute of the events at that version."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from mart.delivery import layers
from mart.delivery.follow import UPSTREAM, lifted
from mart.edges import delta, lake
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, FOLDABLE
from mart.verify.finding import Finding


def verify(spark: SparkSession, settings: Settings) -> list[Finding]:
    """Check each foldable table, row for row: the batch table, the serving table, and batch and speed folded on read.

    The tables do not depend on one another, and most of a check is planning: they are checked side by side.
    """
    with ThreadPoolExecutor(len(FOLDABLE)) as pool:
        return [finding for found in pool.map(partial(_verify, spark, settings), FOLDABLE) for finding in found]


def _verify(spark: SparkSession, settings: Settings, table: Table) -> list[Finding]:
    findings = []
    recomputed: dict[int, DataFrame] = {}  # batch and serving often stand at one version

    def compared(subject: str, rows: DataFrame, version: int) -> Finding:
        if version not in recomputed:
            events = lake.read(spark, settings, EVENTS, version)
            recomputed[version] = lifted(events, table).select(*table.comparable).localCheckpoint()
        return _compared(subject, rows.select(*table.comparable), recomputed[version], version)

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
    """Subtract what is shown from what is true, in one pass: rows that are on both sides equally often cancel out."""
    sides = true.withColumns({"weight": F.lit(1), "true": F.lit(1)}).unionByName(
        shown.withColumns({"weight": F.lit(-1), "true": F.lit(0)})
    )
    rows = sides.groupBy(*true.columns).agg(F.sum("weight").alias("net"), F.sum("true").alias("true"))
    missing, wrong = F.greatest("net", F.lit(0)), F.greatest(-F.col("net"), F.lit(0))
    sums = {"true": F.col("true"), "missing": missing, "wrong": wrong}
    found = rows.agg(*[F.coalesce(F.sum(n), F.lit(0)).alias(name) for name, n in sums.items()]).first()
    assert found is not None
    if not found["missing"] and not found["wrong"]:
        return Finding("law", subject, f"{found['true']:,} rows equal a recompute at version {version}", off=False)
    examples = [str(row.asDict()) for side in ("net > 0", "net < 0") for row in _example(rows.where(side), true)]
    detail = f"at version {version} {found['missing']} rows are missing and {found['wrong']} are wrong"
    return Finding("law", subject, f"{detail}, e.g. {'; '.join(examples)}", off=True)


def _example(rows: DataFrame, like: DataFrame) -> list[Row]:
    return rows.select(*like.columns).limit(1).collect()
