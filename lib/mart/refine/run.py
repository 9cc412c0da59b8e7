"""One run of refine: claim, bring the lake up to date, then Snowflake."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from mart.edges import snowflake
from mart.refine import market, warehouse
from mart.refine.claim import Claim, claim
from mart.refine.warehouse import Connect
from mart.settings import Settings


@dataclass(frozen=True)
class Refined:
    """What a run did: staged rows taken in, offers and products they touched."""

    rows: int = 0
    offers: int = 0
    products: int = 0


def refine(spark: SparkSession, settings: Settings, connect: Connect = snowflake.connect) -> Refined:
    """Take in what is staged. Raises Overtaken where another run does so at once, and SnowflakeFault."""
    claimed = snowflake.insist(settings, lambda: _claim(settings, connect))
    if claimed is None:
        return Refined()
    staged = claimed.frame(spark)
    made = market.advance(spark, settings, staged)
    sent = warehouse.pack(settings, made)
    snowflake.insist(settings, lambda: warehouse.settle(settings, sent, claimed.rows, connect))
    warehouse.clean(settings)
    return Refined(claimed.rows, _count(made.timeline.select("shop", "offer_id")), _count(made.products))


def _claim(settings: Settings, connect: Connect) -> Claim | None:
    with connect(settings) as session:
        warehouse.prepare(session)
        return claim(settings, session)


def _count(rows: DataFrame) -> int:
    return rows.distinct().count()
