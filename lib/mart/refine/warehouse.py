"""Snowflake's side of refine: the final tables follow the lake, and the staged rows go, in one transaction.

The rows to merge are packed before (edges/outbox); all DDL comes before BEGIN, for Snowflake commits on it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.edges import outbox
from mart.edges.outbox import Parcel
from mart.edges.snowflake import Warehouse
from mart.models import sentiment
from mart.publish import Overtaken, load
from mart.refine.market import Made
from mart.schema import Table
from mart.schema import snowflake as sql
from mart.settings import Settings
from mart.tables.staged import (
    MART_METADATA,
    MART_PRICES,
    MART_PRODUCTS,
    MART_REVIEWS,
    PRODUCT_DETAILS,
    STAGING_LOADS,
    STAGING_REJECTS,
)
from mart.views import changes, offers, refined

Connect = Callable[[Settings], AbstractContextManager[Warehouse]]

SCHEMA = "mart"
STAGING = (PRODUCT_DETAILS, STAGING_REJECTS, STAGING_LOADS)
# The final tables, and the column by which a row that is there may be newer than the one that comes.
FINAL = ((MART_PRODUCTS, None), (MART_PRICES, None), (MART_REVIEWS, "seen_at"), (MART_METADATA, "seen_at"))

CLAIMED = Table(
    name="claimed",
    doc="Places of the staged rows that a run has taken in.",
    columns=PRODUCT_DETAILS.columns[:3],
    key=PRODUCT_DETAILS.key,
)


@dataclass(frozen=True)
class Sent:
    """Rows on their way to a table of Snowflake."""

    table: Table
    newer: str | None
    parcels: list[Parcel]


def prepare(session: Warehouse) -> None:
    """Create what does not exist yet: refine may run before the first record was staged."""
    for schema, tables in ((PRODUCT_DETAILS.layer, STAGING), (SCHEMA, tuple(table for table, _ in FINAL))):
        session.use_schema(schema)
        for table in tables:
            if not session.columns(table.name):
                session.rows(sql.ddl(table))


def pack(settings: Settings, made: Made) -> list[Sent]:
    """Write what Snowflake must be told into the outbox, and the places of the rows that are done with it."""
    rows = {
        MART_PRODUCTS.name: made.products,
        MART_PRICES.name: made.timeline.withColumn("changed_at", F.col("seen_at")),
        MART_REVIEWS.name: _reviews(made),
        MART_METADATA.name: refined.pages(made.staged),
    }
    sent = [Sent(table, newer, _pack(settings, table, rows[table.name])) for table, newer in FINAL]
    return [*sent, Sent(CLAIMED, None, _pack(settings, CLAIMED, made.staged))]


def _pack(settings: Settings, table: Table, rows: DataFrame) -> list[Parcel]:
    """Stage rows; one of a price is taken away where it is no change point."""
    gone = ~F.col("changed") if "changed" in rows.columns else F.lit(False)
    staged = changes.staged(rows, table, gone)
    return outbox.write(settings, table, staged, settings.snowflake.rows_per_file)


def _reviews(made: Made) -> DataFrame:
    keys = made.timeline.select(*refined.OFFER, "product_key").dropDuplicates(list(refined.OFFER))
    said = sentiment.with_tone(offers.reviews(offers.unpacked(made.staged)))
    return said.join(keys, how="left", on=list(refined.OFFER))


def settle(settings: Settings, sent: list[Sent], rows: int, connect: Connect) -> None:
    """Merge what was packed and remove the staged rows, all of it or nothing. Raises Overtaken and SnowflakeFault.

    Nothing is left to remove where our own COMMIT came through and its answer did not.
    """
    with connect(settings) as session:
        session.use_schema(SCHEMA)
        for one in sent:
            load(settings, session, one.table, one.parcels)
        with session.transaction():
            removed = session.change(_REMOVE)
            if removed not in (0, rows):
                raise Overtaken(
                    f"{PRODUCT_DETAILS.full_name}: another run took {rows - removed} of {rows} rows; refine again"
                )
            for one in sent:
                if removed and one.table != CLAIMED:
                    session.change(sql.merge(one.table, one.newer))


_REMOVE = f"""DELETE FROM {PRODUCT_DETAILS.full_name} WHERE EXISTS (
  SELECT 1 FROM {sql.staging(CLAIMED)} s
  WHERE {" AND ".join(f"s.{name} = {PRODUCT_DETAILS.full_name}.{name}" for name in CLAIMED.key)}
)"""


def clean(settings: Settings) -> None:
    """Empty the outbox and the claim."""
    for table in (PRODUCT_DETAILS, CLAIMED, *(table for table, _ in FINAL)):
        outbox.empty(settings, table)
