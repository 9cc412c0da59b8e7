"""Rates of currencies: of what was loaded for a day, the newest is true. In: lines of landing/inbox/rates."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.tables import RATES

_FORM = "rate_day DATE, currency STRING, rate DOUBLE, loaded_at TIMESTAMP"


def newest(lines: DataFrame) -> DataFrame:
    """Keep the last loaded rate of each day and currency: rows of processed.rates. Lines that are none are left out."""
    said = lines.select(F.from_json(F.col("payload").cast("string"), _FORM).alias("said")).select("said.*")
    good = said.where("rate > 0 AND rate_day IS NOT NULL AND currency IS NOT NULL AND loaded_at IS NOT NULL")
    last = good.groupBy("rate_day", "currency").agg(F.max_by("rate", F.struct("loaded_at", "rate")).alias("rate"))
    return last.select(*RATES.names)
