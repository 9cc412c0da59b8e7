"""Offline evaluation: hold products out, rank, compare; binary relevance, no sampled negatives.

In: ranked lists (user_id, rank, product_id) and held-out pairs (user_id, product_id). Out: one number a metric.
"""

from math import log2

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

NAMES = ("ndcg", "recall", "map", "precision", "mrr")


def hold_out(pairs: DataFrame, share: float, seed: int) -> tuple[DataFrame, DataFrame]:
    """Split rows into (kept, held out): of each shopper a random `share` of the products, at least one of them kept.

    The draw is a hash of ids and seed: it depends on neither partitions nor order.
    """
    shopper = Window.partitionBy("user_id")
    drawn = F.row_number().over(shopper.orderBy(F.xxhash64(F.lit(seed), "user_id", "product_id"), "product_id"))
    products = F.count(F.lit(1)).over(shopper)
    out = drawn <= F.least(F.round(products * share), products - 1)
    split = pairs.withColumn("_out", out)
    return split.where(~F.col("_out")).drop("_out"), split.where("_out").drop("_out")


def per_user(ranked: DataFrame, held_out: DataFrame, k: int) -> DataFrame:
    """Score the first `k` places of each list: rows (user_id, ndcg, recall, map, precision, mrr), one for each shopper asked for.

    Those are the shoppers with held-out products; one without a list scores 0. Formulas of microsoft/recommenders: recall =
    hits / held out, precision = hits / k, MAP divides by the held out, the ideal list of nDCG has min(k, held out) hits;
    MRR is one in the place of the first hit. evaluation/scores.py does the same without Spark.
    """
    pair = ["user_id", "product_id"]
    hits = ranked.where(F.col("rank") <= k).join(held_out.select(*pair), pair, how="inner")
    nth = F.row_number().over(Window.partitionBy("user_id").orderBy("rank"))
    found = (
        hits.withColumn("nth", nth)
        .groupBy("user_id")
        .agg(
            F.count(F.lit(1)).alias("hits"),
            F.sum(1 / F.log2(F.col("rank") + 1)).alias("dcg"),
            F.sum(F.col("nth") / F.col("rank")).alias("precisions"),
            (1 / F.min("rank")).alias("mrr"),
        )
    )
    wanted = held_out.groupBy("user_id").agg(F.count(F.lit(1)).alias("wanted"))
    scored = wanted.join(found, "user_id", how="left").fillna(0, ["hits", "dcg", "precisions", "mrr"])
    return scored.select(
        "user_id",
        (F.col("dcg") / F.element_at(_ideal(k), F.least("wanted", F.lit(k)).cast("int"))).alias("ndcg"),
        (F.col("hits") / F.col("wanted")).alias("recall"),
        (F.col("precisions") / F.col("wanted")).alias("map"),
        (F.col("hits") / F.lit(k)).alias("precision"),
        "mrr",
    )


def summary(ranked: DataFrame, held_out: DataFrame, k: int, products: int) -> dict[str, float]:
    """Average over shoppers, plus coverage: the share of `products` that any list shows. Empty where nothing is held out."""
    means = per_user(ranked, held_out, k).agg(*[F.avg(name).alias(name) for name in NAMES]).first()
    if means is None or means["ndcg"] is None:
        return {}
    shown = ranked.where(F.col("rank") <= k).select("product_id").distinct().count()
    return {name: float(means[name]) for name in NAMES} | {"coverage": shown / products}


def novelty(ranked: DataFrame, kept: DataFrame, k: int) -> float:
    """Say how surprising the first `k` places are: bits, the logarithm of one in how many shoppers has the product.

    As in Zhou et al. 2010 (doi:10.1073/pnas.1000488107), averaged over places; `kept` are the pairs that were known. 0 for no lists.
    """
    shoppers = kept.select("user_id").distinct().count()
    has = kept.groupBy("product_id").agg(F.countDistinct("user_id").alias("shoppers"))
    shown = ranked.where(F.col("rank") <= k).join(has, "product_id", how="inner")
    mean = shown.agg(F.avg(-F.log2(F.col("shoppers") / F.lit(shoppers))).alias("bits")).first()
    return float(mean["bits"]) if mean and mean["bits"] is not None else 0.0


def _ideal(k: int) -> Column:
    """DCG of a list whose first 1, 2 … k places are all hits."""
    gains = [1 / log2(place + 1) for place in range(1, k + 1)]
    return F.array(*[F.lit(sum(gains[:n])) for n in range(1, k + 1)])
