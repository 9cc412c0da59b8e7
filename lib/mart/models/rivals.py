"""Rivals on the same cut: each configuration learns what was known, ranks, and is scored on what came after.

In: what is known at the cut (rows of interactions) and what is held out (user_id, product_id). Out: how each rival
did, shopper by shopper; what that is worth is the gate's to say.
"""

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mart.models import feedback, metrics, topn
from mart.models.contest import Flags, Floats, Scored
from mart.models.segments import by_size
from mart.models.weighing import confidence
from mart.settings import Als

K = 10
HEAD = 0.2  # of the products, those that most shoppers know
TIMED = 101  # shoppers

NO_REASON = "array<struct<product_id: string, reason: string>>"


@dataclass(frozen=True)
class Split:
    """What the rivals are given, and what they are asked for."""

    known: DataFrame  # rows of interactions
    held_out: DataFrame  # (user_id, product_id): of shoppers and products that are known
    now: datetime  # the newest event that is known
    protocol: str
    reactions: DataFrame | None = None  # to lists shown before it


def split(
    known: DataFrame,
    wanted: DataFrame,
    now: datetime,
    protocol: str,
    shoppers: int,
    reactions: DataFrame | None = None,
) -> Split:
    """Keep of the `wanted` pairs those that a model could find, of at most so many shoppers, chosen by hash."""
    could = wanted.join(known.select("product_id").distinct(), "product_id", how="left_semi")
    could = could.join(known.select("user_id").distinct(), "user_id", how="left_semi")
    could = could.join(known.select("user_id", "product_id"), ["user_id", "product_id"], how="left_anti")
    chosen = could.select("user_id").distinct().orderBy(F.xxhash64("user_id"), "user_id").limit(shoppers)
    held_out = could.join(chosen, "user_id", how="left_semi").select("user_id", "product_id")
    return Split(known.persist(), held_out.persist(), now, protocol, reactions)


def close(split: Split) -> None:
    """Give the memory back."""
    split.known.unpersist()
    split.held_out.unpersist()


def products(split: Split) -> int:
    """Count what a list could show."""
    return split.known.select("product_id").distinct().count()


def segments(split: Split) -> dict[str, Flags]:
    """Tell the shoppers, in order of user_id, apart by the products they know: few, then below and from the others' median."""
    sizes = split.known.groupBy("user_id").agg(F.count(F.lit(1)).alias("size"))
    rows = split.held_out.select("user_id").distinct().join(sizes, "user_id", how="inner").toArrow()
    return by_size(np.asarray(rows.sort_by("user_id")["size"]))


def by_als(split: Split, settings: Als) -> Scored:
    """Train a configuration on what is known, and score it."""
    sure = confidence(split.known, settings.taste, split.now).persist()
    trained = feedback.fit(sure, split.reactions, settings)
    scored = _scored(split, trained.user_factors, trained.item_factors)
    sure.unpersist()
    return scored


def by_popularity(split: Split) -> Scored:
    """Score the same list for everyone; it goes through the same scan, as a model of one factor."""
    one = F.array(F.count(F.lit(1)).cast("float"))
    counts = split.known.groupBy("product_id").agg(one.alias("factors"))
    everyone = split.known.select("user_id", F.array(F.lit(1.0).cast("float")).alias("factors")).distinct()
    return _scored(split, everyone, counts)


def _scored(split: Split, users: DataFrame, items: DataFrame) -> Scored:
    candidates = topn.products(items.withColumn("eligible", F.lit(True)))
    shoppers = _shoppers(split, users).persist()
    lists = topn.recommend(shoppers, candidates, K).persist()
    head = _head(split)
    whole = _arrays(metrics.per_user(lists, split.held_out, K))
    late = metrics.per_user(lists, split.held_out.join(head, "product_id", how="left_anti"), K)
    counts = lists.groupBy("product_id").count().join(head.withColumn("head", F.lit(True)), "product_id", how="left")
    shown = counts.toArrow()
    scored = Scored(
        ndcg=_column(whole, "ndcg"),
        recall=_column(whole, "recall"),
        map=_column(whole, "map"),
        tail=_aligned(whole, _arrays(late)),
        shown=-np.sort(-_column(shown, "count")),
        head_share=_share(shown),
        scoring_ms=_time(shoppers, candidates),
    )
    lists.unpersist()
    shoppers.unpersist()
    return scored


def _shoppers(split: Split, users: DataFrame) -> DataFrame:
    seen = split.known.groupBy("user_id").agg(F.collect_list("product_id").alias("seen"))
    asked = users.join(split.held_out.select("user_id").distinct(), "user_id", how="left_semi")
    return asked.join(seen, "user_id", how="inner").withColumn("history", F.array().cast(NO_REASON))


def _head(split: Split) -> DataFrame:
    """Name the products that most shoppers know."""
    counts = split.known.groupBy("product_id").agg(F.count(F.lit(1)).alias("shoppers"))
    place = F.percent_rank().over(Window.orderBy(F.desc("shoppers"), "product_id"))
    return counts.withColumn("place", place).where(F.col("place") < HEAD).select("product_id")


def _arrays(rows: DataFrame) -> pa.Table:
    return rows.toArrow().sort_by("user_id")


def _column(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name], np.float64)


def _aligned(whole: pa.Table, some: pa.Table) -> Floats:
    """Put the scores of some shoppers at the places of all."""
    scores = np.full(len(whole), np.nan)
    places = np.searchsorted(np.asarray(whole["user_id"], object), np.asarray(some["user_id"], object))
    scores[places] = _column(some, "ndcg")
    return scores


def _share(shown: pa.Table) -> float:
    counts, head = _column(shown, "count"), np.asarray(shown["head"].fill_null(False), bool)
    return float(counts[head].sum() / counts.sum()) if len(counts) else 0.0


def _time(shoppers: DataFrame, items: topn.Products) -> float | None:
    """Measure how long it takes to rank all products for one shopper on one core: median of some [ms]."""
    factors = [np.asarray(row["factors"], np.float32) for row in shoppers.select("factors").head(TIMED)]
    spent = []
    for one in factors:
        start = perf_counter()
        scores = items.factors @ one
        np.argpartition(scores, -min(K, len(scores)))
        spent.append(perf_counter() - start)
    return float(np.median(spent)) * 1000 if spent else None
