"""The batch and serving layers of the foldable tables: what each run computes, and what is read when both are merged."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.delivery.follow import UPSTREAM, lifted, refold
from mart.edges import changefeed, delta, lake
from mart.edges.delta import Standing
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS
from mart.views.fold import fold

NOWHERE = Standing(version=0, frontier=None)


def refresh(spark: SparkSession, settings: Settings, table: Table, full: bool = False) -> int | None:
    """Bring a batch table to the newest version of the events, from its horizon or from nothing.

    Returns the horizon; None where there are no events. Both ways give the same rows.
    """
    target = table.at("batch")
    lake.ensure(spark, settings, target)
    newest = lake.version(settings, EVENTS)
    stands = _pinned(settings, target)
    if newest is None or (stands.frontier == newest and not full):
        return newest
    if full or stands.frontier is None:
        rows = lifted(lake.read(spark, settings, EVENTS, newest), target)
        lake.overwrite(settings, target, rows, at=(UPSTREAM, newest), anew=full)
    else:
        feed = changefeed.added(spark, settings, EVENTS, stands.frontier, newest)
        with changefeed.kept(EVENTS, stands.frontier, newest):
            rows = lifted(feed, target).localCheckpoint()
        refold(spark, settings, target, stands, rows, newest)
    return newest


def answer(spark: SparkSession, settings: Settings, table: Table) -> tuple[DataFrame, int | None]:
    """Fold batch and speed on read: exact at the version returned, None before there is anything.

    The speed snapshot is pinned first: a batch run that commits between the two then only makes the answer newer
    (lambda-findings D6).
    """
    speed, batch = _pinned(settings, table.at("speed")), _pinned(settings, table.at("batch"))
    stands = max((s.frontier for s in (speed, batch) if s.frontier is not None), default=None)
    recent = lake.read(spark, settings, table.at("speed"), speed.version).where(
        F.col("version") > (batch.frontier or 0)
    )
    settled = lake.read(spark, settings, table.at("batch"), batch.version)
    return fold(settled.select(*table.names).unionByName(recent.select(*table.names)), table), stands


def materialise(spark: SparkSession, settings: Settings, table: Table) -> int | None:
    """Bring a serving table to where batch and speed stand. Returns that version; None where there is nothing.

    Rows of speed after its frontier are folded in; where the batch layer has gone past it they may have been dropped,
    and the table is made anew.
    """
    target = table.at("serving")
    lake.ensure(spark, settings, target)
    speed, batch = _pinned(settings, table.at("speed")), _pinned(settings, table.at("batch"))
    goal = max((s.frontier for s in (speed, batch) if s.frontier is not None), default=None)
    serving = _pinned(settings, target)
    stands = serving.frontier
    if goal is None or (stands is not None and stands >= goal):
        return stands
    if stands is not None and stands >= (batch.frontier or 0):
        recent = lake.read(spark, settings, table.at("speed"), speed.version).where(F.col("version") > stands)
        refold(spark, settings, target, serving, recent.select(*table.names).localCheckpoint(), goal)
    else:
        rows, goal = answer(spark, settings, table)
        assert goal is not None
        lake.overwrite(settings, target, rows, at=(UPSTREAM, goal))
    return goal


def _pinned(settings: Settings, table: Table) -> Standing:
    return delta.standing(settings, table, UPSTREAM) or NOWHERE
