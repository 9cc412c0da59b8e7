"""Each event with its product and with what its shopper had done before.

In: events, the catalogue, the shoppers' interactions at a version. Out: processed.enriched_events.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.tables import ENRICHED_EVENTS, EVENTS


def enrich(events: DataFrame, products: DataFrame, history: DataFrame, history_version: int) -> DataFrame:
    """Join events with their product and with the history that stands at `history_version`; one row in, one row out."""
    product = products.select(
        "product_id", "title", F.col("price").alias("product_price"), F.col("currency").alias("product_currency")
    )
    pair = history.select(
        "user_id", "product_id", F.col("views").alias("prior_views"), F.col("purchases").alias("prior_purchases")
    )
    done = F.sum(F.col("views") + F.col("cart_adds") + F.col("purchases")).alias("shopper_events")
    shopper = history.groupBy("user_id").agg(done)
    joined = (
        events.select(*EVENTS.names)
        .join(product, how="left", on="product_id")
        .join(pair, how="left", on=["user_id", "product_id"])
        .join(shopper, how="left", on="user_id")
    )
    counts = {name: F.coalesce(name, F.lit(0)) for name in ("prior_views", "prior_purchases", "shopper_events")}
    return joined.withColumns(counts | {"history_version": F.lit(history_version)}).select(*ENRICHED_EVENTS.names)
