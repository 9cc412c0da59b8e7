"""What becomes of each record: event, duplicate, or the reason of its reject.

In: parsed records, the events already there, the catalogue. Out: rows that hold the columns of landing.activity and of
processed.events side by side, so that both tables are written from one frozen frame.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mart.schema import Table
from mart.views.shopping import UNKNOWN

_IDENTITY = ("event_id", "event_at")


def decide(parsed: DataFrame, seen: DataFrame, products: DataFrame) -> DataFrame:
    """Add `outcome`, the days, and category and brand from the catalogue where the event names none.

    A duplicate has the event_id and event_at of an event that is already there, or of an earlier record of this batch;
    `seen` holds event_id and event_at of the former, each once.
    """
    # Rejects have no identity: their coordinates spread them, lest one task sort them all.
    identity = (F.coalesce("event_id", F.concat("source", "partition", "offset")), "event_at", F.col("reason").isNull())
    first_comes = Window.partitionBy(*identity).orderBy("source", "partition", "offset")
    known = seen.select(*_IDENTITY, F.lit(True).alias("known"))
    repeated = (F.row_number().over(first_comes) > 1) | F.coalesce("known", F.lit(False))
    outcome = F.coalesce("reason", F.when(repeated, "duplicate").otherwise("event"))
    return (
        parsed.join(known, how="left", on=list(_IDENTITY))
        .withColumn("outcome", outcome)
        .withColumn("event_day", F.to_date("event_at"))
        .withColumn("arrived_day", F.to_date("arrived_at"))
        .transform(_catalogued, products)
    )


def events(landed: DataFrame, table: Table) -> DataFrame:
    """The rows that became events, with the columns of processed.events."""
    return landed.where(F.col("outcome") == "event").select(*table.names)


def _catalogued(records: DataFrame, products: DataFrame) -> DataFrame:
    catalogue = products.select(
        "product_id", F.col("category").alias("its_category"), F.col("brand").alias("its_brand")
    )
    return records.join(catalogue, how="left", on="product_id").withColumns(
        {
            "category": F.coalesce("category", "its_category", F.lit(UNKNOWN)),
            "brand": F.coalesce("brand", "its_brand", F.lit(UNKNOWN)),
        }
    )
