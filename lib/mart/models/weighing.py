"""Confidence in Spark: the formula of models/confidence, for as many pairs as there are; a test compares both.

In: rows of interactions, the taste of the settings, the instant of the model. Out: (user_id, product_id, confidence FLOAT > 0).
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.models.confidence import ACTS, DAY, micros
from mart.settings import Taste


def confidence(interactions: DataFrame, taste: Taste, now: datetime | None = None) -> DataFrame:
    """Weigh rows of interactions: (user_id, product_id, confidence FLOAT > 0).

    The formula is that of `confidence_of`. Raises ValueError without `now` where the taste has a half-life.
    """
    acts = _acts(taste)
    if taste.half_life_days:
        age = F.greatest(F.lit(micros(now)) - F.unix_micros("last_at"), F.lit(0)) / F.lit(float(DAY))
        acts = acts * F.pow(F.lit(0.5), age / F.lit(taste.half_life_days))
    rows = interactions.select("user_id", "product_id", F.log1p(acts).cast("float").alias("confidence"))
    return rows.where(F.col("confidence") > 0)


def _acts(taste: Taste) -> Column:
    kept = {"purchases": F.when(F.col("quantity") > 0, F.col("purchases")).otherwise(0)}
    return sum((F.lit(float(getattr(taste, act))) * kept.get(act, F.col(act)) for act in ACTS), F.lit(0.0))
