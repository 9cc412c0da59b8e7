"""What surrounds the model's ranking: histories and reasons before it, the list for everyone beside it, rows of the table after.

In: rows of interactions, popularity, products, and ranked lists. Out: rows of serving.recommendations without their versions,
and of what the batch and the speed layer made the newest.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.settings import Taste
from mart.tables.recommendations import BECAUSE, BOUGHT, EVERYONE, IN_CART, LOOKED, RECOMMENDATIONS

HISTORY = 50  # products that may be named as a reason, the strongest of a shopper's

LIST = ("user_id", "rank", "product_id", "score", "reason")


def histories(interactions: DataFrame, products: DataFrame, taste: Taste) -> DataFrame:
    """Gather each shopper's past: one row a shopper (user_id, seen, history).

    `seen` are the products bought, those given back too: nobody wants them twice. `history` are the strongest products,
    HISTORY at most, each with the reason that it gives; what was given back gives none.
    """
    named = interactions.join(products.select("product_id", "title"), "product_id", how="left")
    act = F.struct(_strength(taste).alias("strength"), "last_at", "product_id", _reason().alias("reason"))
    bought = F.col("purchases") > 0
    kept = F.when(~(bought & (F.col("quantity") <= 0)), act)
    strongest = F.slice(F.sort_array(F.collect_list(kept), asc=False), 1, HISTORY)
    seen = F.collect_list(F.when(bought, F.col("product_id")))
    history = F.transform(strongest, lambda one: F.struct(one["product_id"], one["reason"]))
    return named.groupBy("user_id").agg(seen.alias("seen"), history.alias("history"))


def eligible(item_factors: DataFrame, products: DataFrame) -> DataFrame:
    """Mark what can be shown: a product known to be out of stock can't; one that the catalogue doesn't know can."""
    stock = products.select("product_id", F.coalesce("in_stock", F.lit(True)).alias("eligible"))
    marked = item_factors.join(stock, "product_id", how="left")
    return marked.withColumn("eligible", F.coalesce("eligible", F.lit(True)))


def candidates(item_factors: DataFrame, products: DataFrame) -> DataFrame:
    """Lay what the model knows beside the catalogue: (product_id, factors, eligible, category, brand), factors null where new."""
    about = products.select("product_id", "category", "brand", F.coalesce("in_stock", F.lit(True)).alias("eligible"))
    both = item_factors.select("product_id", "factors").join(about, "product_id", how="full_outer")
    shown = F.coalesce("eligible", F.lit(True)).alias("eligible")
    return both.select("product_id", "factors", shown, "category", "brand")


def everyone(popularity: DataFrame, products: DataFrame, n: int, taste: Taste) -> DataFrame:
    """List the n most popular products for shoppers without history; the score is the weighted count of acts."""
    totals = popularity.groupBy("product_id").agg(F.sum(_strength(taste)).alias("score"))
    best = eligible(totals, products).where("eligible").orderBy(F.desc("score"), "product_id").limit(n)
    place = F.row_number().over(Window.orderBy(F.desc("score"), "product_id"))
    shown = best.withColumns({"user_id": F.lit(EVERYONE), "rank": place, "reason": F.lit("popular in the shop")})
    return shown.select(*LIST)


def personal(ranked: DataFrame) -> DataFrame:
    """Word the reasons of ranked lists (user_id, rank, product_id, score, because)."""
    reason = F.coalesce("because", F.lit("popular with shoppers like you"))
    return ranked.withColumn("reason", reason).select(*LIST)


def newest_lists(settled: DataFrame, fresh: DataFrame) -> DataFrame:
    """Give of serving.recommendations and speed.recommendations each shopper's newest list, as the DuckDB view does.

    A list is newer by the version of events that it was made from; of two of one version the one that was made later is.
    """
    both = settled.select(*RECOMMENDATIONS.names).unionByName(fresh.select(*RECOMMENDATIONS.names))
    return _newest(both, "user_id", F.desc("made_from_version"), F.desc("made_at"))


def newest_factors(trained: DataFrame, fresh: DataFrame, key: str) -> DataFrame:
    """Give of the factors that a model was trained to and those of the speed layer each key's newest: (key, factors).

    In: rows of one model version.
    """
    columns = (key, "factors", "made_from_version")
    both = trained.select(*columns).unionByName(fresh.select(*columns))
    return _newest(both, key, F.desc("made_from_version")).select(key, "factors")


def _newest(rows: DataFrame, key: str, *order: Column) -> DataFrame:
    place = F.rank().over(Window.partitionBy(key).orderBy(*order))
    return rows.withColumn("_place", place).where(F.col("_place") == 1).drop("_place")


def _strength(taste: Taste) -> Column:
    acts = {"views": taste.views, "cart_adds": taste.cart_adds, "purchases": taste.purchases}
    return sum((F.lit(float(weight)) * F.col(act) for act, weight in acts.items()), F.lit(0.0))


def _reason() -> Column:
    title = F.coalesce("title", "product_id")
    bought, in_cart, looked = (F.format_string(BECAUSE[did], title) for did in (BOUGHT, IN_CART, LOOKED))
    return F.when(F.col("purchases") > 0, bought).when(F.col("cart_adds") > 0, in_cart).otherwise(looked)
