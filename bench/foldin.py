"""Fold-in: how much of what a full retrain gains do the ways to keep a model fresh recover?

MovieLens-100k in the split of microsoft/recommenders (75/25 by item, seed 42). What is trained on lies in order of time: its
first four fifths are the batch model's, the last fifth streams in micro-batches of a thousand events. Who has no place yet
gets the popular products. nDCG@10 of every user on the untouched test part, mean of five seeds;
recovered share = (way - stale) / (retrain - stale).
"""

import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from bench import measure
from mart import job
from mart.models import als, foldin
from mart.settings import Als, Settings

MODEL = Als(rank=20, iterations=15, regularisation=0.2, alpha=1.0, blocks=1)
SEEDS, BATCH_SHARE, EVENTS, K = (0, 1, 2, 3, 4), 0.8, 1_000, 10
LEAST = 5  # shoppers of a product that the batch model does not know
RETRAIN = "full retrain"
FALLBACKS = {"": True, " (new users get nothing till then)": False}  # whether they get the popular products

Matrix = NDArray[np.float64]
Ratings = NDArray[np.int64]  # (ratings, 4): user, item, rating, second; users and items counted from 0


@dataclass
class State:
    """What a way to keep fresh works on: factors, which of them are placed, and the pairs known so far (users, items)."""

    x: Matrix
    y: Matrix
    has_x: NDArray[np.bool_]
    has_y: NDArray[np.bool_]
    known: Matrix


def run() -> dict[str, object]:
    """Measure every way with each seed."""
    ratings = np.loadtxt(measure.data("ml-100k") / "u.data", np.int64) - np.array([1, 1, 0, 0])
    train, test = split(ratings)
    train = train[np.argsort(train[:, 3], kind="stable")]
    cut = int(len(train) * BATCH_SHARE)
    stream = np.unique(train[cut:, 0])
    shown: dict[str, object] = {
        "protocol": f"ml-100k: {cut:,} batch, {len(train) - cut:,} streamed, {len(test):,} test; {len(stream)} active users, "
        f"{len(np.setdiff1d(stream, train[:cut, 0]))} of them new"
    }
    for name, found in _scores(train, cut, test).items():
        mean = {way: float(np.mean(scores)) for way, scores in found.items()}
        gain = mean[RETRAIN] - mean["stale"]
        shown[f"ndcg@10{name}"] = mean
        shown[f"spread over seeds{name}"] = {way: float(np.std(scores)) for way, scores in found.items()}
        shown[f"recovered share{name}"] = {way: (value - mean["stale"]) / gain for way, value in mean.items()}
    return shown | {"ratio recovered by fold-in": shown["recovered share"]["users, products"]}  # type: ignore[index]


def split(ratings: Ratings) -> tuple[Ratings, Ratings]:
    """Split as python_stratified_split(ratio=0.75, filter_by="item", seed=42) does: 75,066 and 24,934 ratings."""
    np.random.seed(42)
    drawn = np.random.rand(len(ratings))
    order = np.lexsort((drawn, ratings[:, 1]))
    items = ratings[order, 1]
    first = np.searchsorted(items, items)
    counts = np.bincount(items)[items]
    kept = np.arange(len(items)) - first < np.round(0.75 * counts)
    return ratings[order[kept]], ratings[order[~kept]]


def _scores(train: Ratings, cut: int, test: Ratings) -> dict[str, dict[str, list[float]]]:
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    spark = job.session(Settings.read(home=home), "bench")
    size = train[:, 0].max() + 1, max(train[:, 1].max(), test[:, 1].max()) + 1
    found: dict[str, dict[str, list[float]]] = {}
    try:
        for seed in SEEDS:
            before, after = (_trained(spark, part, size, seed) for part in (train[:cut], train))
            states = {way: _streamed(before, update, train[cut:]) for way, update in WAYS.items()} | {RETRAIN: after}
            for name, popular in FALLBACKS.items():
                for way, state in states.items():
                    score = ndcg(state, train, cut if popular else 0, test)
                    found.setdefault(name, {}).setdefault(way, []).append(score)
    finally:
        spark.stop()
        shutil.rmtree(home)
    return found


def _streamed(before: State, update: Callable[[State, Ratings], None], events: Ratings) -> State:
    state = deepcopy(before)
    for start in range(0, len(events), EVENTS):
        update(state, events[start : start + EVENTS])
    return state


def _trained(spark: SparkSession, train: Ratings, size: tuple[int, int], seed: int) -> State:
    """Train by MLlib; a rating is the confidence, as in the published comparison."""
    rows = [(f"{u}", f"{i}", float(r)) for u, i, r, _ in train.tolist()]
    pairs = spark.createDataFrame(rows, "user_id STRING, product_id STRING, confidence FLOAT")
    fitted = als.fit(pairs, MODEL.model_copy(update={"seed": seed}))
    known = np.zeros(size)
    known[train[:, 0], train[:, 1]] = train[:, 2]
    x, has_x = _matrix(fitted.user_factors.collect(), size[0])
    y, has_y = _matrix(fitted.item_factors.collect(), size[1])
    return State(x, y, has_x, has_y, known)


def _matrix(rows: list[tuple[str, list[float]]], length: int) -> tuple[Matrix, NDArray[np.bool_]]:
    factors, there = np.zeros((length, MODEL.rank)), np.zeros(length, bool)
    for name, values in rows:
        factors[int(name)], there[int(name)] = values, True
    return factors, there


def ndcg(state: State, train: Ratings, popular: int, test: Ratings) -> float:
    """Average nDCG@10 over the users of the test part: all products but those in their train part.

    Who has no place gets what is most popular among the first `popular` ratings.
    """
    scores = np.where(state.has_y, state.x @ state.y.T, -1e6)
    scores[~state.has_x] = np.bincount(train[:popular, 1], minlength=len(state.y))
    scores[train[:, 0], train[:, 1]] = -np.inf
    wanted = np.zeros_like(state.known, bool)
    wanted[test[:, 0], test[:, 1]] = True
    lists = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    gains = 1 / np.log2(np.arange(K) + 2)
    dcg = np.take_along_axis(wanted, lists, axis=1) @ gains
    ideal = np.cumsum(gains)[np.minimum(np.maximum(wanted.sum(axis=1), 1), K) - 1]
    return float((dcg / ideal)[wanted.any(axis=1)].mean())


def _stale(state: State, events: Ratings) -> None:
    """Do nothing until the next training."""


def _users(state: State, events: Ratings) -> None:
    """Solve the active users from their full history."""
    state.known[events[:, 0], events[:, 1]] = events[:, 2]
    active = np.unique(events[:, 0])
    state.x[active] = _solved(state.known[active] * state.has_y, state.y)
    state.has_x[active] = True


def _users_items(state: State, events: Ratings) -> None:
    """Solve the active users, then the products that they touched: what streaming/fold_in does."""
    _users(state, events)
    touched = np.unique(events[:, 1])
    touched = touched[state.has_y[touched] | ((state.known[:, touched] > 0).sum(axis=0) >= LEAST)]
    state.y[touched] = _solved(state.known[:, touched].T * state.has_x, state.x)
    state.has_y[touched] = True


def _users_items_users(state: State, events: Ratings) -> None:
    """Solve the active users once more, with the products' new places."""
    _users_items(state, events)
    _users(state, events)


def _new_products(state: State, events: Ratings) -> None:
    """Solve the active users, and only those products that the batch model does not know."""
    known = state.has_y.copy()
    before = state.y[known]
    _users_items(state, events)
    state.y[known] = before


def _solved(known: Matrix, factors: Matrix) -> Matrix:
    rows, columns = np.nonzero(known)
    indptr = np.searchsorted(rows, np.arange(len(known) + 1))
    y = factors.astype(np.float32)
    sure = known[rows, columns].astype(np.float32)
    return foldin.fold_in_many(foldin.gram(y), y, indptr, columns, sure, MODEL).astype(np.float64)


def _oryx(state: State, events: Ratings) -> None:
    """Move factors toward each event from where they were before the micro-batch; the last event of a row wins.

    Read from Oryx 2's ALSUtils and ALSSpeedModelManager (a rule of one rank; no regularisation, no confidence).
    """
    to_x, to_y = (np.linalg.inv(foldin.gram(one.astype(np.float32))) for one in (state.y, state.x))
    x, y, has_x, has_y = state.x.copy(), state.y.copy(), state.has_x.copy(), state.has_y.copy()
    for user, item, value, _ in events.tolist():
        dot = float(x[user] @ y[item])
        if has_y[item] and (step := _pull(dot, value, bool(has_x[user]))):
            state.x[user], state.has_x[user] = x[user] + to_x @ y[item] * step, True
        if has_x[user] and (step := _pull(dot, value, bool(has_y[item]))):
            state.y[item], state.has_y[item] = y[item] + to_y @ x[user] * step, True


def _pull(dot: float, value: float, placed: bool) -> float:
    """Say how far an event of a strength > 0 moves the product of two factors; one that is not placed counts as 0.5."""
    now = dot if placed else 0.5
    return value / (1 + value) * (1 - max(0.0, now)) + (now - (dot if placed else 0.0)) if now < 1 else 0.0


WAYS: dict[str, Callable[[State, Ratings], None]] = {
    "stale": _stale,
    "Oryx's rule": _oryx,
    "users": _users,
    "users, new products": _new_products,
    "users, products": _users_items,
    "users, products, users": _users_items_users,
}
