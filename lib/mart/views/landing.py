"""What becomes of each record: event, duplicate, or the reason of its reject.

In: parsed records, the events already there, the catalogue. Out: the rows of landing.activity, and those of processed.events
made from the same records. Who is a duplicate is found from names and coordinates alone: the records themselves, with their
payloads, are neither shuffled nor sorted for it.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mart.schema import Table
from mart.views.shopping import UNKNOWN

_PLACE = ("source", "partition", "offset")
_NOWHERE = ""  # sorts before every place: what is there already came first


def repeated(parsed: DataFrame, seen: DataFrame, identity: tuple[str, ...]) -> DataFrame:
    """Find the places of duplicates: one of the same identity is already there, or came earlier in this batch.

    In: parsed records, and the identities that are there. Out: source, partition, offset.
    """
    good = parsed.where(F.col("reason").isNull()).select(*identity, *_PLACE)
    there = seen.select(*identity, *[F.lit(_NOWHERE).alias(name) for name in _PLACE])
    first_comes = Window.partitionBy(*identity).orderBy(*_PLACE)
    turns = good.unionByName(there).withColumn("turn", F.row_number().over(first_comes))
    return turns.where((F.col("turn") > 1) & (F.col("source") != _NOWHERE)).select(*_PLACE)


def decide(parsed: DataFrame, repeated: DataFrame) -> DataFrame:
    """Add each record's `outcome` and `arrived_day`. `repeated` holds the places of the duplicates, each once."""
    twins = repeated.select(*_PLACE, F.lit("duplicate").alias("twin"))
    outcome = F.coalesce("reason", "twin", F.lit("event"))
    decided = parsed.join(twins, how="left", on=list(_PLACE)).withColumn("outcome", outcome)
    return decided.withColumn("arrived_day", F.to_date("arrived_at"))


def events(good: DataFrame, products: DataFrame, table: Table) -> DataFrame:
    """Make events of good records, with category and brand from the catalogue where they name none."""
    catalogue = products.select(
        "product_id", F.col("category").alias("its_category"), F.col("brand").alias("its_brand")
    )
    named = {
        "category": F.coalesce("category", "its_category", F.lit(UNKNOWN)),
        "brand": F.coalesce("brand", "its_brand", F.lit(UNKNOWN)),
        "event_day": F.to_date("event_at"),
    }
    return good.join(catalogue, how="left", on="product_id").withColumns(named).select(*table.names)
