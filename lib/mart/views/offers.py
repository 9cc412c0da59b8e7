"""Sightings of offers and the reviews on their pages, made from records that landing has taken for good."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.tables.offers import OFFERS, REVIEWED, REVIEWS
from mart.views.first import first

# How Spark spells the reviews of a record.
REVIEW_ARRAY = f"ARRAY<STRUCT<{', '.join(f'{column.name}: {column.type.spark}' for column in REVIEWED)}>>"


def sightings(good: DataFrame) -> DataFrame:
    """Make rows of processed.offers. In: parsed records (delivery/sightings)."""
    return good.withColumn("seen_day", F.to_date("seen_at")).select(*OFFERS.names)


def reviews(good: DataFrame) -> DataFrame:
    """Find the newest state of each review: rows of processed.reviews, its sentiment still missing."""
    offer = ("shop", "offer_id", "seen_at")
    each = good.select(*offer, "source", "partition", "offset", F.explode("reviews").alias("review"))
    said = each.select(*offer, "source", "partition", "offset", *[f"review.{column.name}" for column in REVIEWED])
    return newest(said, REVIEWS.key).select(*[name for name in REVIEWS.names if name != "sentiment"])


def unpacked(staged: DataFrame) -> DataFrame:
    """Read the reviews of staged rows (tables.staged.PRODUCT_DETAILS), which hold them as JSON."""
    return staged.withColumns({"source": F.col("topic"), "reviews": F.from_json("reviews", REVIEW_ARRAY)})


def newest(rows: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """Keep the row of each key that was seen last; of two seen at one instant the one at the later place."""
    return first(rows, key, *[F.desc(name) for name in ("seen_at", "source", "partition", "offset")])
