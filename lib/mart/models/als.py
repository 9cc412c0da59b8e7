"""Alternating least squares on implicit feedback (Hu, Koren, Volinsky 2008; doi:10.1109/ICDM.2008.22), by MLlib.

In: rows of confidence (user_id, product_id, confidence). Out: where the model places each shopper and each product, by their own ids.
"""

from dataclasses import dataclass

from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mart.settings import Als

BUCKETS = 1024


def number(frame: DataFrame, column: str) -> DataFrame:
    """Give each distinct id the int that MLlib wants: (column, number), unique and the same in every run.

    Ids are dealt into buckets by hash and numbered in order inside each, so the driver sees none, nothing needs to be
    cached and a bucket sorts in one task: 2 million ids each at MLlib's own limit of 2^31, where the cast fails loudly.
    """
    bucket = F.pmod(F.xxhash64(column), F.lit(BUCKETS))
    place = F.row_number().over(Window.partitionBy(bucket).orderBy(column)) - 1
    return frame.select(column).distinct().select(column, (place * BUCKETS + bucket).cast("int").alias("number"))


@dataclass(frozen=True)
class Fitted:
    """A trained model with the ids behind its numbers: users (user_id, number), products (product_id, number)."""

    model: ALSModel
    users: DataFrame
    products: DataFrame

    @property
    def user_factors(self) -> DataFrame:
        """Rows (user_id, factors), `rank` coordinates each."""
        return _named(self.model.userFactors, self.users, "user_id")

    @property
    def item_factors(self) -> DataFrame:
        """Rows (product_id, factors), `rank` coordinates each."""
        return _named(self.model.itemFactors, self.products, "product_id")


def fit(confidence: DataFrame, als: Als) -> Fitted:
    """Factorise confidence; MLlib multiplies the regularisation by the number of a row's ratings (Zhou et al. 2008).

    The session needs a checkpoint directory: without one the lineage of 20 iterations overflows the stack.
    """
    users, products = number(confidence, "user_id"), number(confidence, "product_id")
    rows = confidence.join(users.withColumnRenamed("number", "user"), "user_id", how="inner")
    rows = rows.join(products.withColumnRenamed("number", "item"), "product_id", how="inner")
    solver = ALS(
        implicitPrefs=True,
        rank=als.rank,
        maxIter=als.iterations,
        regParam=als.regularisation,
        alpha=als.alpha,
        numUserBlocks=als.blocks,
        numItemBlocks=als.blocks,
        seed=als.seed,
        userCol="user",
        itemCol="item",
        ratingCol="confidence",
        coldStartStrategy="drop",
    )
    return Fitted(solver.fit(rows.select("user", "item", "confidence")), users, products)


def _named(factors: DataFrame, ids: DataFrame, column: str) -> DataFrame:
    numbered = factors.select(F.col("id").alias("number"), F.col("features").alias("factors"))
    return ids.join(numbered, "number", how="inner").select(column, "factors")
