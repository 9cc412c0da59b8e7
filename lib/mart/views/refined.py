"""What sightings of offers come to: put right, priced in one currency, and what changed between them.

In: sightings (tables.offers.SIGHTED), rates, what is known already. Out: rows of processed.enriched_offers, and of the serving
tables of the market. Every step is such that doing it again with the same sightings changes nothing.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.tables.market import CURRENT_OFFERS, ENRICHED_OFFERS, MARKET, PRODUCTS_SOLD
from mart.tables.offers import OFFERS
from mart.tables.staged import MART_METADATA
from mart.views.first import first

OFFER = ("shop", "offer_id")
STATE = ("price", "currency", "in_stock")  # what a change of is a change point

_STORE = r"(?i)^(?:visit the |brand:\s*|marke:\s*|marque\s*:\s*|marca:\s*|besuche den )(.+?)(?:[ -]store)?$"


def put_right(rows: DataFrame, categories: Mapping[str, str]) -> DataFrame:
    """Write titles and brands plainly and name categories as we do. `categories`: part of a path to our category."""
    brand = F.regexp_replace(_plain("brand"), _STORE, "$1")
    return rows.withColumns(
        {
            "title": _plain("title"),
            "brand": brand,
            "category": _category(F.col("category"), categories),
            "gtin": F.nullif(F.regexp_replace("gtin", r"\D", ""), F.lit("")),
            "mpn": _plain("mpn"),
            "currency": F.upper("currency"),
            "seen_day": F.to_date("seen_at"),
        }
    )


def _plain(name: str) -> Column:
    """Trim, one blank between words, nothing instead of an empty text."""
    return F.nullif(F.trim(F.regexp_replace(name, r"[\s ]+", " ")), F.lit(""))


def _category(path: Column, categories: Mapping[str, str]) -> Column:
    """Find our category by the longest part that the path holds; a path that none fits stays as it is."""
    found = F.trim(path)
    for part in sorted(categories, key=len):
        found = F.when(F.contains(F.lower(path), F.lit(part.lower())), F.lit(categories[part])).otherwise(found)
    return found


def priced(rows: DataFrame, rates: DataFrame, reference: str) -> DataFrame:
    """Add price_reference and rate_day: by the newest rate of seen_day or before; a price in the reference currency is itself."""
    until = F.lead("rate_day").over(Window.partitionBy("currency").orderBy("rate_day"))
    spans = rates.select(
        F.col("currency").alias("of"),
        "rate_day",
        "rate",
        F.coalesce(until, F.lit("9999-12-31").cast("date")).alias("until"),
    )
    fits = (
        (F.col("currency") == F.col("of"))
        & (F.col("seen_day") >= F.col("rate_day"))
        & (F.col("seen_day") < F.col("until"))
    )
    rated = rows.join(F.broadcast(spans), how="left", on=fits)
    same = F.col("currency") == reference
    # A rate is a measurement: its price is rounded to the last digit that money has.
    foreign = F.round(F.col("price").cast("double") * F.col("rate"), 4).cast("decimal(18,4)")
    return rated.withColumns(
        {
            "price_reference": F.when(same, F.col("price")).otherwise(foreign),
            "rate_day": F.when(same, F.col("seen_day")).otherwise(F.col("rate_day")),
        }
    ).drop("of", "rate", "until")


def as_offers(products: DataFrame, shop: str) -> DataFrame:
    """Write our own products (processed.products) as offers of a shop; they name neither gtin nor mpn."""
    nothing = F.lit(None).cast("string")
    named = {"shop": F.lit(shop), "offer_id": F.col("product_id"), "gtin": nothing, "mpn": nothing}
    return products.withColumns({**named, "seen_day": F.to_date("updated_at")})


def representatives(products: DataFrame, offers: DataFrame) -> DataFrame:
    """Say of each product what matching compares, and in which shops it is (views/matching)."""
    where = offers.groupBy("product_key").agg(F.collect_set("shop").alias("shops"))
    told = products.select("product_key", "title", "brand", "category", "gtin", "mpn").join(
        where, how="left", on="product_key"
    )
    return told.withColumn("shops", F.coalesce("shops", F.array().cast("array<string>")))


def surest(pairs: DataFrame) -> DataFrame:
    """Keep the surest match of each offer (views/matching): the rules' names are in that order."""
    return first(pairs, OFFER, "rule", F.desc("score"), "product_key")


def with_keys(rows: DataFrame, keys: DataFrame) -> DataFrame:
    """Name each sighting's product. In: shop, offer_id and product_key, each offer once."""
    return rows.join(keys.select(*OFFER, "product_key"), how="left", on=list(OFFER)).select(*ENRICHED_OFFERS.names)


def once(rows: DataFrame) -> DataFrame:
    """Keep one of the sightings that agree in shop, offer and instant."""
    return first(rows, OFFERS.key, "topic", "partition", "offset")


def pages(staged: DataFrame) -> DataFrame:
    """Tell which pages each crawl saw, the newest sighting of each: rows of MART.METADATA."""
    latest_first = (F.desc(name) for name in ("seen_at", "partition", "offset"))
    return first(staged.where("crawl_id IS NOT NULL"), MART_METADATA.key, *latest_first).select(*MART_METADATA.names)


def touched(rows: DataFrame) -> DataFrame:
    """Find the offers of sightings and since when: shop, offer_id, since."""
    return rows.groupBy(*OFFER).agg(F.min("seen_at").alias("since"))


def points(timeline: DataFrame, before: DataFrame) -> DataFrame:
    """Tell which sightings are change points: adds `changed`.

    In: for some offers every sighting since an instant, and the state `before` it (OFFER and STATE; an offer without one is
    new). Out: the same sightings; one whose state is that of the sighting before is no change.
    """
    was = {name: F.col(name).alias(f"was_{name}") for name in STATE}
    earlier = before.select(*OFFER, *was.values(), F.lit(True).alias("known"))
    in_order = Window.partitionBy(*OFFER).orderBy("seen_at")
    begins = F.row_number().over(in_order) == 1
    rows = timeline.join(earlier, how="left", on=list(OFFER))
    same = F.lit(True)
    for name in STATE:
        last = F.when(begins, F.col(f"was_{name}")).otherwise(F.lag(name).over(in_order))
        same = same & last.eqNullSafe(F.col(name))
    there = F.when(begins, F.coalesce("known", F.lit(False))).otherwise(F.lit(True))
    return rows.withColumn("changed", ~(there & same)).drop("known", *[f"was_{name}" for name in STATE])


def current(timeline: DataFrame, there: DataFrame) -> DataFrame:
    """Give the newest state of each offer in the timeline. In: also what current_offers holds of them."""
    began = F.min("seen_at").over(Window.partitionBy(*OFFER)).alias("first_seen_at")
    rows = timeline.select(*[name for name in CURRENT_OFFERS.names if name != "first_seen_at"], began)
    return latest(rows.select(*CURRENT_OFFERS.names).unionByName(there.select(*CURRENT_OFFERS.names)))


def latest(rows: DataFrame) -> DataFrame:
    """Keep the last seen row of each offer, with the instant when any was first seen."""
    began = F.min("first_seen_at").over(Window.partitionBy(*OFFER))
    return first(rows.withColumn("first_seen_at", began), OFFER, F.desc("seen_at"))


def sold(offers: DataFrame, told: DataFrame, there: DataFrame) -> DataFrame:
    """Give the products of some offers anew.

    In: `offers`, all current offers of these products; `told`, sightings that may say what the product is; `there`, the
    products as they stand, which keep what they say. Out: rows of serving.products_sold.
    """
    seen = offers.groupBy("product_key").agg(
        F.min("first_seen_at").alias("first_seen_at"),
        F.max("seen_at").alias("last_seen_at"),
        F.count_distinct("shop").alias("shops"),
    )
    said = ("title", "brand", "category", "gtin", "mpn")
    place = F.struct("seen_at", *OFFER)
    # Of the founder, the first that was seen; what it does not say, the first that does.
    numbered = told.withColumn("gtin", F.when(F.length("gtin").between(8, 14), F.lpad("gtin", 14, "0")))
    founded = numbered.groupBy("product_key").agg(
        *[F.min_by(name, F.when(F.col(name).isNotNull(), place)).alias(f"new_{name}") for name in said]
    )
    joined = seen.join(founded, how="left", on="product_key").join(
        there.select("product_key", *said), how="left", on="product_key"
    )
    return joined.withColumns({name: F.coalesce(name, f"new_{name}") for name in said}).select(*PRODUCTS_SOLD.names)


def market(offers: DataFrame, products: DataFrame, own: DataFrame) -> DataFrame:
    """Compare what each product costs. In: current_offers, products_sold, and of ours product_key, product_id, price_reference."""
    buyable = F.col("price_reference").isNotNull() & F.coalesce(F.col("in_stock"), F.lit(True))
    price = F.when(buyable, F.col("price_reference"))
    dearest, cheapest = F.max(price), F.min(price)
    rated = F.when(F.col("rating").isNotNull(), F.coalesce("rating_count", F.lit(1)))
    compared = offers.groupBy("product_key").agg(
        F.count(price).alias("offers"),
        F.min_by("shop", F.when(buyable, F.struct("price_reference", *OFFER))).alias("cheapest_shop"),
        cheapest.alias("cheapest_price"),
        F.median(price).cast("decimal(18,4)").alias("median_price"),
        ((dearest - cheapest) / F.nullif(cheapest, F.lit(0))).cast("double").alias("spread"),
        F.try_divide(F.sum(F.col("rating") * rated), F.sum(rated)).alias("rating"),
        F.sum(F.when(F.col("rating").isNotNull(), F.coalesce("rating_count", F.lit(0)))).alias("rating_count"),
    )
    ours = own.groupBy("product_key").agg(
        F.min("price_reference").alias("our_price"),
        F.min_by("product_id", F.struct(F.coalesce("price_reference", F.lit(10**13)), "product_id")).alias(
            "our_product_id"
        ),
    )
    named = products.select("product_key", "title").join(compared, how="inner", on="product_key")
    full = named.join(ours, how="left", on="product_key").withColumn(
        "rating_count", F.coalesce("rating_count", F.lit(0))
    )
    return full.select(*MARKET.names)
