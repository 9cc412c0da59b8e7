"""MLlib's ALS on arrays: pairs that lie on the driver, factors that come back to it.

In: pairs by number, as an evaluation holds them. Out: factors of all users and all products, zeros where a side is unknown.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession

from mart.models import als as implicit_als
from mart.models import baselines
from mart.settings import Als

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Factors = tuple[Floats, Floats]  # (users, rank), (products, rank)


def implicit(
    spark: SparkSession, users: Ints, products: Ints, confidences: Floats, shape: tuple[int, int], als: Als
) -> Factors:
    """Train the recommender itself (models/als) on pairs (pairs)."""
    rows = _rows(spark, {"user_id": users, "product_id": products, "confidence": confidences})
    fitted = implicit_als.fit(rows, als)
    return _dense(fitted.user_factors, shape[0], als.rank), _dense(fitted.item_factors, shape[1], als.rank)


def explicit(spark: SparkSession, users: Ints, products: Ints, stars: Floats, shape: tuple[int, int]) -> Factors:
    """Train the explicit ALS of microsoft/recommenders' benchmark: rank 10, 20 iterations, regularisation 0.05."""
    rows = _rows(spark, {"user": users.astype(np.int32), "item": products.astype(np.int32), "stars": stars})
    rank = 10
    user_factors, item_factors = baselines.explicit_als(rows, rank, iterations=20, regularisation=0.05, seed=42)
    return _dense(user_factors, shape[0], rank), _dense(item_factors, shape[1], rank)


def _rows(spark: SparkSession, columns: dict[str, NDArray[np.generic]]) -> DataFrame:
    return spark.createDataFrame(pa.table(columns))


def _dense(factors: DataFrame, size: int, rank: int) -> Floats:
    """Lay rows (number, factors) out by number: (size, rank)."""
    table = factors.toArrow()
    laid = np.zeros((size, rank), np.float32)
    flat = table.column(1).combine_chunks().flatten().to_numpy()
    laid[table.column(0).to_numpy()] = flat.reshape(-1, rank)
    return laid
