"""Is a model any good? Trained without some of each shopper's products, does it find them, and does popularity?

In: confidence (user_id, product_id, confidence). Out: metrics by name, those of popularity beside them.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.models import als, metrics, topn
from mart.settings import Als

K = 10
SHARE = 0.2  # of each shopper's products held out


def compare(confidence: DataFrame, settings: Als) -> dict[str, float]:
    """Score ALS and popularity on the same held-out products; empty where no shopper has two products."""
    kept, held_out = metrics.hold_out(confidence, SHARE, settings.seed)
    if held_out.isEmpty():
        return {}
    kept.persist()
    fitted = als.fit(kept, settings)
    ours = _score(fitted.user_factors, fitted.item_factors, kept, held_out)
    counts = kept.groupBy("product_id").agg(F.array(F.count(F.lit(1)).cast("float")).alias("factors"))
    everyone = kept.select("user_id", F.array(F.lit(1.0).cast("float")).alias("factors")).distinct()
    theirs = _score(everyone, counts, kept, held_out)
    kept.unpersist()
    return ours | {f"popularity_{name}": value for name, value in theirs.items()}


def beats_popularity(scores: dict[str, float]) -> bool:
    """Say whether a model is worth showing: its nDCG is at least that of the same list for everyone."""
    return bool(scores) and scores[f"ndcg_at_{K}"] >= scores[f"popularity_ndcg_at_{K}"]


def _score(users: DataFrame, items: DataFrame, kept: DataFrame, held_out: DataFrame) -> dict[str, float]:
    """Rank all products that the shopper does not have; popularity goes through the same scan, as a model of one factor."""
    seen = kept.groupBy("user_id").agg(F.collect_list("product_id").alias("seen"))
    nothing = F.array().cast("array<struct<product_id: string, reason: string>>")
    shoppers = users.join(seen, "user_id", how="inner").withColumn("history", nothing)
    candidates = topn.products(items.withColumn("eligible", F.lit(True)))
    lists = topn.recommend(shoppers, candidates, K).persist()
    found = metrics.summary(lists, held_out, K, len(candidates.ids)) | {"novelty": metrics.novelty(lists, kept, K)}
    lists.unpersist()
    return {f"{name}_at_{K}": value for name, value in found.items()}
