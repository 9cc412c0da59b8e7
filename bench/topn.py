"""Top-N: exact search over a million products on one core, an index beside it, and lists for all shoppers against MLlib.

Vectors are made from what MLlib learned of MovieLens-1M (each product a mixture of three trained ones, with noise): random
ones have no neighbourhoods, and an index would look worse on them than it is. Each ratio is of one run of one process.
"""

import gzip
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyspark.ml.recommendation import ALSModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits
from usearch.index import Index

from bench import measure
from mart import job
from mart.models import als, scan, topn
from mart.settings import Als, Settings

PRODUCTS, RANK, N = 1_000_000, 50, 10
QUERIES, TOGETHER, ONE_BY_ONE = 1_024, 64, 100
RECALL = 0.95
MARGIN = 0.01  # the width is chosen on one half of the requests, and the other half may be harder
SHOPPERS, SHELF, LENGTH = 20_000, 20_000, 20  # of the lists for all
ORYX = {"exact": 2.2, "LSH": 13.7}  # queries/s of a core at this size, from its docs/performance.md

Floats = NDArray[np.float32]


def run() -> dict[str, object]:
    """Measure all three."""
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    spark = job.session(Settings.read(home=home), "bench")
    try:
        model = als.fit(_ratings(spark), Als(rank=RANK, iterations=10, regularisation=0.2, alpha=10.0)).model
        users, items = (_matrix(factors) for factors in (model.userFactors, model.itemFactors))
        lists = _everyone(spark, model, users, items, home)
    finally:
        spark.stop()
        shutil.rmtree(home)
    with threadpool_limits(1):
        products, shoppers = mixtures(items, PRODUCTS, seed=1), mixtures(users, QUERIES, seed=2)
        exact, plain = _exact(products, shoppers)
        index = _index(products, shoppers, plain)
    return {
        "what": f"{PRODUCTS:,} products x {RANK}, top {N}, one core; vectors mixed from factors trained on ml-1m",
        **exact,
        **index,
        "Oryx 2, published [queries/s of a core]": ORYX,
        **lists,
    }


def mixtures(trained: Floats, number: int, seed: int) -> Floats:
    """Make vectors of which each lies between three trained ones: (number, rank)."""
    rng = np.random.default_rng(seed)
    chosen, shares = rng.integers(len(trained), size=(number, 3)), rng.dirichlet((1, 1, 1), number).astype(np.float32)
    made = sum(shares[:, [one]] * trained[chosen[:, one]] for one in range(3))
    return np.asarray(made + rng.normal(0, 0.1 * trained.std(), (number, trained.shape[1])), np.float32)


def plain_numpy(products: Floats, shopper: Floats) -> NDArray[np.int64]:
    """Do what everybody would: all scores, partition, sort."""
    scores = products @ shopper
    some = np.argpartition(scores, -N)[-N:]
    return np.asarray(some[np.argsort(-scores[some])])


def _exact(products: Floats, shoppers: Floats) -> tuple[dict[str, object], float]:
    """Time one request after the other by plain numpy and by ours, then requests that wait for one another."""
    few = shoppers[:ONE_BY_ONE]
    plain = _each(lambda one: plain_numpy(products, one), few)
    single = _each(lambda one: scan.best(products, one, None, N), few)
    blocks = shoppers[: len(shoppers) // TOGETHER * TOGETHER].reshape(-1, TOGETHER, shoppers.shape[1])
    batched = _each(lambda block: scan.best_many(products, block, None, N), blocks)
    found = scan.best_many(products, few, None, N)[0]
    same = np.mean([set(plain_numpy(products, one)) == set(row) for one, row in zip(few, found, strict=True)])
    rate = TOGETHER / np.median(batched)
    return {
        "exact [queries/s]": {"plain numpy": 1 / np.median(plain), "one by one": 1 / np.median(single), f"{TOGETHER} together": rate},
        "exact [ms]": {
            "plain numpy": _percentiles(plain), "one by one": _percentiles(single), f"{TOGETHER} together": _percentiles(batched),
        },
        "lists the same as plain numpy's": float(same),
        "ratio exact together to plain numpy": rate * np.median(plain),
        "ratio exact one by one to plain numpy": np.median(plain) / np.median(single),
        "bytes a product, a shopper": RANK * 4,
    }, float(np.median(plain))  # fmt: skip


def _index(products: Floats, shoppers: Floats, plain: float) -> dict[str, object]:
    """Build a graph on vectors of one length (Bachrach et al. 2014), search wide enough for the recall, then time it."""
    squares = (products**2).sum(axis=1)
    lifted = np.hstack([products, np.sqrt(squares.max() - squares)[:, None]])
    index = Index(ndim=lifted.shape[1], metric="ip", dtype="f16", connectivity=16, expansion_add=96)
    build = measure.seconds(lambda: index.add(np.arange(len(lifted)), lifted, threads=1))
    asked = np.hstack([shoppers, np.zeros((len(shoppers), 1), np.float32)])
    half = len(asked) // 2
    wanted = scan.best_many(products, shoppers, None, N)[0]
    width = 16
    while _recall(index, asked[:half], wanted[:half], width) < RECALL + MARGIN and width < 4096:
        width *= 2
    recall = _recall(index, asked[half:], wanted[half:], width)
    took = _each(lambda one: index.search(one, N, threads=1), asked[half:])
    return {
        "index [queries/s]": 1 / np.median(took),
        "index [ms]": _percentiles(took),
        "index": {"recall@10": recall, "searched wide": width, "build [s]": build, "bytes a product": index.memory_usage / len(index)},
        "ratio index to plain numpy": plain / np.median(took),
    }  # fmt: skip


def _recall(index: Index, asked: Floats, wanted: NDArray[np.int64], width: int) -> float:
    index.expansion_search = width
    found = index.search(asked, N, threads=1).keys
    return float(np.mean([len(set(a) & set(b)) / N for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]))


def _everyone(spark: SparkSession, model: ALSModel, users: Floats, items: Floats, home: Path) -> dict[str, object]:
    """List products for all shoppers by MLlib and by ours, which gives ids and leaves out what was seen besides."""
    larger = _of_factors(spark, model, mixtures(users, SHOPPERS, seed=3), mixtures(items, SHELF, seed=4), home)
    named = larger.itemFactors.select(
        F.col("id").cast("string").alias("product_id"), F.col("features").alias("factors")
    )
    shelf = topn.products(named.withColumn("eligible", F.lit(True)))
    seen = F.array(*[((F.col("id") * 31 + n) % SHELF).cast("string") for n in range(50)]).alias("seen")
    past = F.array().cast("array<struct<product_id: string, reason: string>>").alias("history")
    rows = larger.userFactors.select(
        F.col("id").cast("string").alias("user_id"), F.col("features").alias("factors"), seen, past
    )
    ours = measure.median(3, lambda _: _written(topn.recommend(rows, shelf, LENGTH)))
    theirs = measure.median(3, lambda _: _written(larger.recommendForAllUsers(LENGTH)))
    return {
        "lists for all": f"{SHOPPERS:,} shoppers, {SHELF:,} products, top {LENGTH}, both cores",
        "lists for all [users/s]": {"ours": SHOPPERS / ours, "MLlib recommendForAllUsers": SHOPPERS / theirs},
        "ratio lists for all to MLlib": theirs / ours,
    }


def _of_factors(spark: SparkSession, model: ALSModel, users: Floats, items: Floats, home: Path) -> ALSModel:
    """Give MLlib's model other factors, by way of its files."""
    place = home / "model"
    model.write().overwrite().save(str(place))
    for name, factors in (("userFactors", users), ("itemFactors", items)):
        rows = [(number, row) for number, row in enumerate(factors.tolist())]
        made = spark.createDataFrame(rows, "id INT, features ARRAY<FLOAT>").repartition(4)
        made.write.mode("overwrite").parquet(str(place / name))
    return ALSModel.load(str(place))


def _written(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _ratings(spark: SparkSession) -> DataFrame:
    pairs = []
    for file in sorted(measure.data("ml-1m-folds").glob("test_1m*.dat.gz")):
        with gzip.open(file, "rt") as lines:
            pairs += [(user, item, 1.0) for user, item in (line.split(",")[:2] for line in lines)]
    return spark.createDataFrame(pairs, "user_id STRING, product_id STRING, confidence FLOAT").repartition(2)


def _matrix(factors: DataFrame) -> Floats:
    return np.array([row["features"] for row in factors.orderBy("id").collect()], np.float32)


def _each(work: Callable[[Floats], object], asked: Floats) -> NDArray[np.float64]:
    """Time each call [s]."""
    took = []
    for one in asked:
        start = time.perf_counter()
        work(one)
        took.append(time.perf_counter() - start)
    return np.array(took)


def _percentiles(seconds: NDArray[np.float64]) -> dict[str, float]:
    return {f"p{share}": float(np.percentile(seconds * 1e3, share)) for share in (50, 99)}
