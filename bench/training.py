"""Training: MLlib's ALS, as the recommender uses it, beside `implicit` at the same rank, iterations and cores.

MovieLens-1M, every rating a 1, a random fifth of each user's held out (the source has no timestamps), rank 64. The two
regularisations are not on one scale, MLlib multiplies by the number of ratings; each has the best of a coarse grid, chosen on
the test part, so nDCG says no more than that both learned. The first fit warms Spark up and is not counted.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from scipy.sparse import csr_matrix

from bench import measure
from mart import job
from mart.models import als
from mart.settings import Als, Settings

MODEL = Als(rank=64, iterations=10, regularisation=0.2, alpha=10.0, seed=1)
PEER = {"factors": 64, "iterations": 10, "regularization": 10.0, "alpha": 20.0, "num_threads": 2, "random_state": 1}
BLOCKS, ITERATIONS, RUNS, K = (1, 2, 4), (3, 5), 3, 10

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Factors = tuple[Floats, Floats]


def run() -> dict[str, object]:
    """Train in every way, and score what came of it."""
    train, test = split(*_ratings())
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    settings = Settings.read(home=home)
    spark = job.session(settings, "bench")
    try:
        pairs, shape = _stored(spark, train, home), train.shape
        ours = {f"MLlib, blocks {blocks}": _mllib(pairs, shape, blocks=blocks) for blocks in BLOCKS}
        ours |= {f"MLlib, {count} iterations": _mllib(pairs, shape, iterations=count) for count in ITERATIONS}
        _mllib(pairs, shape, iterations=1)()
        found = {name: _timed(fit) for name, fit in ({"implicit": _implicit(train)} | ours).items()}
    finally:
        spark.stop()
        shutil.rmtree(home)
    seconds = {name: took for name, (took, _) in found.items()}
    good = {name: ndcg(factors, train, test) for name, (_, factors) in found.items()}
    whole = min(seconds[f"MLlib, blocks {blocks}"] for blocks in BLOCKS)
    as_good = min(seconds[name] for name in ours if good[name] >= good["implicit"])
    return {
        "protocol": f"ml-1m, {train.nnz:,} pairs known, {test.nnz:,} held out, rank {MODEL.rank}, {MODEL.iterations} iterations, 2 cores",
        "seconds": seconds,
        "ndcg@10": good,
        "ratio of training to implicit, same iterations": whole / seconds["implicit"],
        "ratio of training to implicit, no less nDCG": as_good / seconds["implicit"],
    }


def _ratings() -> tuple[Ints, Ints]:
    rows = [
        np.loadtxt(file, np.int64, delimiter=",", usecols=(0, 1))
        for file in sorted(measure.data("ml-1m-folds").glob("test_1m?.dat.gz"))
    ]
    users, items = np.concatenate(rows).T
    return np.unique(users, return_inverse=True)[1], np.unique(items, return_inverse=True)[1]


def split(users: Ints, items: Ints) -> tuple[csr_matrix, csr_matrix]:
    """Hold out a random fifth of each user's: (users, items) known, and held out."""
    order = np.lexsort((np.random.default_rng(42).random(len(users)), users))
    place = np.arange(len(users)) - np.searchsorted(users[order], users[order])
    late = place < np.round(0.2 * np.bincount(users)[users[order]])
    shape = users.max() + 1, items.max() + 1
    ones = np.ones(len(users), np.float32)
    parts = ((order[part], ones[: part.sum()]) for part in (~late, late))
    train, test = (csr_matrix((one, (users[rows], items[rows])), shape) for rows, one in parts)
    return train, test


def _implicit(train: csr_matrix) -> Callable[[], Factors]:
    def fit() -> Factors:
        model = AlternatingLeastSquares(**PEER)
        model.fit(train, show_progress=False)
        return np.asarray(model.user_factors), np.asarray(model.item_factors)

    return fit


def _stored(spark: SparkSession, train: csr_matrix, home: Path) -> DataFrame:
    """Write the pairs where Spark reads them from: rows of a plan would fill the driver's memory, once a fit."""
    pairs = train.tocoo()
    names = {"user_id": pairs.row, "product_id": pairs.col}
    columns = {name: pa.array(map(str, numbers.tolist())) for name, numbers in names.items()}
    pq.write_table(pa.table(columns | {"confidence": pairs.data}), home / "pairs.parquet")
    return spark.read.parquet(str(home / "pairs.parquet")).repartition(2).persist()


def _mllib(pairs: DataFrame, shape: tuple[int, int], **how: int) -> Callable[[], Factors]:
    def fit() -> Factors:
        fitted = als.fit(pairs, MODEL.model_copy(update=how))
        return _laid(fitted.user_factors, shape[0]), _laid(fitted.item_factors, shape[1])

    return fit


def _laid(factors: DataFrame, rows: int) -> Floats:
    table, laid = factors.toArrow(), np.zeros((rows, MODEL.rank), np.float32)
    laid[np.array(table.column(0).to_pylist(), np.int64)] = np.array(table.column(1).to_pylist(), np.float32)
    return laid


def _timed(fit: Callable[[], Factors]) -> tuple[float, Factors]:
    factors: list[Factors] = []
    took = measure.median(RUNS, lambda _: factors.append(fit()))
    return took, factors[-1]


def ndcg(factors: Factors, train: csr_matrix, test: csr_matrix) -> float:
    """Mean nDCG@10 of the users who have something held out; what they know is not shown."""
    users, items = factors
    gains, asked = 1 / np.log2(np.arange(2, K + 2)), np.flatnonzero(np.diff(test.indptr))
    found = []
    for user in asked:
        scores = items @ users[user]
        scores[train.indices[train.indptr[user] : train.indptr[user + 1]]] = -np.inf
        best = np.argpartition(-scores, K)[:K]
        hits = np.isin(best[np.argsort(-scores[best])], test.indices[test.indptr[user] : test.indptr[user + 1]])
        found.append((hits * gains).sum() / gains[: test.indptr[user + 1] - test.indptr[user]].sum())
    return float(np.mean(found))
