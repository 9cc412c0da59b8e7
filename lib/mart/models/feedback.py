"""Feedback as weights: what shoppers did with what they were shown, beside what they did of their own accord.

In: confidence as models/confidence has it, and reactions (views/feedback). Out: the same pairs and more, to train on; a
negative confidence is one that the shopper does *not* want the product.
"""

from dataclasses import dataclass

from pyspark.ml.recommendation import ALSModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.models import als as solver
from mart.models import placing
from mart.settings import Als


@dataclass(frozen=True)
class Trained:
    """A trained model, and rows (user_id, factors) and (product_id, factors)."""

    model: ALSModel
    user_factors: DataFrame
    item_factors: DataFrame


def fit(confidence: DataFrame, reactions: DataFrame | None, als: Als) -> Trained:
    """Train on what shoppers did, and on how they took what they were shown, if anything was.

    Reactions shape what is learned of products. Shoppers are then placed by their acts alone, as every fold-in places them.
    """
    if reactions is None:
        fitted = solver.fit(confidence, als)
        return Trained(fitted.model, fitted.user_factors, fitted.item_factors)
    fitted = solver.fit(heed(confidence, reactions, als.taste.clicks, als.taste.ignored), als)
    items = fitted.item_factors.localCheckpoint()
    users = placing.place(confidence, items, placing.gram(items, als.rank), "user_id", als)
    return Trained(fitted.model, users, items)


def heed(confidence: DataFrame, reactions: DataFrame, clicks: float, ignored: float) -> DataFrame:
    """Add clicks and ignored impressions: (user_id, product_id, confidence FLOAT, never 0).

    A click counts as `clicks` page views. A product that was shown and neither clicked nor anything else is a 0 that we are
    surer of than of a product never shown: MLlib's implicit ALS takes a negative rating r as preference 0 with confidence
    1 + alpha |r|, here with r = -log1p(ignored x impressions). Only shoppers and products that confidence knows: being shown
    makes nobody a shopper. A weight of 0 leaves its part out.
    """
    known = (confidence.select(column).distinct() for column in ("user_id", "product_id"))
    users, products = known
    shown = reactions.join(users, "user_id", how="left_semi").join(products, "product_id", how="left_semi")
    both = confidence.join(shown, ["user_id", "product_id"], how="full_outer")
    acts = F.expm1(F.coalesce("confidence", F.lit(0.0))) + F.lit(float(clicks)) * F.coalesce("clicks", F.lit(0))
    wanted = F.log1p(acts)
    passed_over = F.when(F.coalesce("clicks", F.lit(0)) == 0, -F.log1p(F.lit(float(ignored)) * F.col("impressions")))
    sure = F.when(wanted > 0, wanted).otherwise(passed_over).cast("float")
    return both.select("user_id", "product_id", sure.alias("confidence")).where(F.col("confidence") != 0)
