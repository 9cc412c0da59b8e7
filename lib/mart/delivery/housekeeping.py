"""Housekeeping that running readers survive: small files joined, folded buckets dropped, unneeded files deleted.

Joining files adds no row to a change feed; whole buckets are dropped beside running appends (lambda-findings C1, D4).
What a running reader may still need is kept by each table's own retention.
"""

from collections.abc import Callable
from functools import partial

from pyspark.sql import SparkSession

from mart.delivery import fold_in
from mart.delivery.follow import BUCKET, UPSTREAM
from mart.edges import lake, upkeep
from mart.schema import Table
from mart.settings import Settings
from mart.tables import (
    CATALOGUE,
    ENRICHED_EVENTS,
    ENRICHED_OFFERS,
    EVENTS,
    FOLDABLE,
    LANDING_ACTIVITY,
    LANDING_OFFERS,
    OFFERS,
)
from mart.tables.recommendations import FRESH_RECOMMENDATIONS

GROWING = (LANDING_ACTIVITY, EVENTS, ENRICHED_EVENTS, LANDING_OFFERS, OFFERS, ENRICHED_OFFERS)


def maintain(spark: SparkSession, settings: Settings) -> list[str]:
    """Tidy every table that exists. Returns what was done, and what was left because a writer was at work."""
    done = [said for table in FOLDABLE for said in tidy_speed(spark, settings, table)]
    if lake.exists(settings, FRESH_RECOMMENDATIONS):
        done.append(_left_to_writers(FRESH_RECOMMENDATIONS, partial(fold_in.tidy, settings)))
    growing = [table for table in GROWING if lake.exists(settings, table)]
    done += [_left_to_writers(table, partial(upkeep.compact, spark, settings, table)) for table in growing]
    for table in CATALOGUE:
        if lake.exists(settings, table):
            upkeep.vacuum(spark, settings, table)
    return done


def tidy_speed(spark: SparkSession, settings: Settings, table: Table) -> list[str]:
    """Drop the buckets that the batch layer holds, and join the files of those that no more rows come to."""
    speed = table.at("speed")
    if not lake.exists(settings, speed):
        return []
    horizon = lake.frontier(settings, table.at("batch"), UPSTREAM) or 0
    newest = lake.frontier(settings, speed, UPSTREAM) or 0

    def tidy() -> None:
        upkeep.drop_buckets(settings, speed, below=(horizon + 1) // BUCKET)
        upkeep.compact(spark, settings, speed, below=newest // BUCKET)

    return [_left_to_writers(speed, tidy)]


def _left_to_writers(table: Table, work: Callable[[], None]) -> str:
    """A writer that commits meanwhile goes first; the next round finds the same files."""
    try:
        work()
    except lake.Conflict:
        return f"{table.full_name}: a writer was at work, left for the next time"
    return f"{table.full_name}: tidied"
