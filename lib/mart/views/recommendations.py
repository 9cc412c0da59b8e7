"""What surrounds the model's ranking: histories and reasons before it, the list for everyone beside it, rows of the table after.

In: rows of interactions, popularity, products, and ranked lists. Out: rows of serving.recommendations without their versions.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.tables.recommendations import EVERYONE, WEIGHTS

HISTORY = 50  # products that may be named as a reason, the strongest of a shopper's

LIST = ("user_id", "rank", "product_id", "score", "reason")


def histories(interactions: DataFrame, products: DataFrame) -> DataFrame:
    """Gather each shopper's past: one row a shopper (user_id, seen, history).

    `seen` are the products bought, those given back too: nobody wants them twice. `history` are the strongest products,
    HISTORY at most, each with the reason that it gives; what was given back gives none.
    """
    named = interactions.join(products.select("product_id", "title"), "product_id", how="left")
    act = F.struct(_strength().alias("strength"), "last_at", "product_id", _reason().alias("reason"))
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


def everyone(popularity: DataFrame, products: DataFrame, n: int) -> DataFrame:
    """List the n most popular products for shoppers without history; the score is the weighted count of acts."""
    totals = popularity.groupBy("product_id").agg(F.sum(_strength()).alias("score"))
    best = eligible(totals, products).where("eligible").orderBy(F.desc("score"), "product_id").limit(n)
    place = F.row_number().over(Window.orderBy(F.desc("score"), "product_id"))
    shown = best.withColumns({"user_id": F.lit(EVERYONE), "rank": place, "reason": F.lit("popular in the shop")})
    return shown.select(*LIST)


def personal(ranked: DataFrame) -> DataFrame:
    """Word the reasons of ranked lists (user_id, rank, product_id, score, because)."""
    reason = F.coalesce("because", F.lit("popular with shoppers like you"))
    return ranked.withColumn("reason", reason).select(*LIST)


def _strength() -> Column:
    return sum((F.lit(weight) * F.col(act) for act, weight in WEIGHTS.items()), F.lit(0.0))


def _reason() -> Column:
    did = (
        F.when(F.col("purchases") > 0, F.lit("bought"))
        .when(F.col("cart_adds") > 0, F.lit("put in the cart:"))
        .otherwise(F.lit("looked at"))
    )
    return F.concat_ws(" ", F.lit("because you"), did, F.coalesce("title", "product_id"))
