"""Recommenders compared on a lake as `mart evaluate` compares them, small enough for a notebook: numpy's ALS, no Spark.

In: a home's processed.events, and configurations of ALS. Out: frames with intervals; each configuration is a run in MLflow.
Configurations are told apart on the inner split alone, so that what is held out for the rivals has never been looked at.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from mart import __version__
from mart.edges import trials
from mart.edges.tracking import RegistryAway
from mart.evaluation import evaluate, protocols, reading, recommenders, search
from mart.evaluation.acts import instant
from mart.evaluation.lists import rank
from mart.evaluation.protocols import Split
from mart.evaluation.reading import NoActs
from mart.evaluation.report import OURS, POPULARITY, Report
from mart.evaluation.scores import Numbers, Scored, interval
from mart.models import solver
from mart.models.baselines import TooLarge
from mart.notebooks.book import Book
from mart.settings import Als

PEERS = (POPULARITY, evaluate.COSINE, evaluate.EASE)
TRAINERS = evaluate.Trainers(solver.fit, partial(solver.fit, als=Als()))  # the second is for stars, and there are none
NDCG = f"ndcg@{recommenders.K}"
MEANS, CHANGES = ("low", "middle", "high", "recall", "map"), ("change", "change_low", "change_high")
FORMATS = (
    dict.fromkeys(MEANS, "{:.4f}")
    | dict.fromkeys(CHANGES, "{:+.4f}")
    | {"coverage": "{:.1%}", "novelty": "{:.1f} bits"}
)


@dataclass(frozen=True)
class Question:
    """What was known at a cut in time, and what shoppers bought from then on; the same asked again inside of what was known."""

    split: Split
    inner: Split
    cut: datetime


def question(book: Book, last_share: float) -> Question | None:
    """Cut the lake's acts where the last share of them begins; None, and a sentence, where there is nothing to ask."""
    try:
        acts = reading.read(book.settings, reading.LAKE, None).acts
        cut = instant(
            np.quantile(acts.at.astype("datetime64[s]").astype(np.int64), 1 - last_share).astype("datetime64[s]")
        )
        split = protocols.cut_at(acts, cut)
        asked = Question(split, split.inner(), cut)
    except NoActs as error:
        book.say(f"Nothing to compare: {error}.")
        return None
    book.say(f"{split.told}: {len(split.shoppers):,} shoppers to ask for, {split.candidates.sum():,} products to rank.")
    return asked


def configurations(start: Als, changes: Mapping[str, Mapping[str, object]]) -> dict[str, Als]:
    """Change the settings' ALS, a configuration for each name; `taste.views` and the like are the weights of acts."""
    return {name: _changed(start, change) for name, change in changes.items()}


def _changed(start: Als, change: Mapping[str, object]) -> Als:
    values = start.model_dump()
    for name, value in change.items():
        inside = values["taste"] if name.startswith("taste.") else values
        inside[name.removeprefix("taste.")] = value
    return Als.model_validate(values)


def tried(book: Book, asked: Question | None, chosen: Mapping[str, Als]) -> pd.DataFrame:
    """Train each configuration on the inner split, and keep it in MLflow: rows (name, low, middle, high, change …).

    `change` is the mean difference to the first one, shopper by shopper, with its own interval: far narrower than the others.
    """
    if asked is None:
        return pd.DataFrame()
    found = {name: _trained(asked.inner, als) for name, als in chosen.items()}
    first = next(iter(found.values()))[0]
    rows = [{"name": name, **_row(values, values - first), "seconds": took} for name, (values, took) in found.items()]
    best = max(rows, key=lambda row: float(str(row["middle"])))["name"]
    _kept(book, asked, chosen, found, str(best))
    return pd.DataFrame(rows).assign(best=["best" if row["name"] == best else "" for row in rows])


def _trained(inner: Split, als: Als) -> tuple[Numbers, float]:
    began = time.monotonic()
    scored = Scored(inner, rank(inner, recommenders.als(inner, als, solver.fit), recommenders.K))
    return scored.each["ndcg"], time.monotonic() - began


def _row(values: Numbers, change: Numbers) -> dict[str, float]:
    (low, high), (least, most) = interval(values), interval(change)
    means = {"low": low, "middle": float(values.mean()), "high": high}
    return means | {"change": float(change.mean()), "change_low": least, "change_high": most}


def _kept(
    book: Book, asked: Question, chosen: Mapping[str, Als], found: Mapping[str, tuple[Numbers, float]], best: str
) -> None:
    """Record each configuration as a trial, once: what has been recorded by an earlier run of the notebook is left alone."""
    name = evaluate.name_of(f"notebook {protocols.TIME}", asked.split, chosen[best], len(chosen))
    tags = {"protocol": protocols.TIME, "split": asked.inner.told, "code_version": __version__}
    try:
        memory = trials.search(book.settings, name, tags)
    except RegistryAway as error:
        return book.say(f"Not kept in MLflow: {error}")
    there = memory.done()
    for one, (values, took) in found.items():
        key = search.key_of(chosen[one])
        if key not in there:
            memory.keep(key, search.flat(chosen[one]) | {"name": one}, float(values.mean()), took)
    memory.end(search.flat(chosen[best]), float(found[best][0].mean()))
    return book.say(f"Kept in MLflow, experiment `{book.settings.mlflow.experiment}`, run `{memory.run_id}`.")


def compared(book: Book, asked: Question | None, als: Als | None) -> Report | None:
    """Ask ours, popularity, item-item cosine and EASE the same question; None where there is none."""
    if asked is None or als is None:
        return None
    models = (OURS, *PEERS)
    try:
        return Report(protocols.TIME, asked.split, evaluate.rows(asked.split, models, als, TRAINERS, lambda name: None))
    except TooLarge as error:
        book.say(f"Without item-item cosine and EASE: {error}")
        rows = evaluate.rows(asked.split, (OURS, POPULARITY), als, TRAINERS, lambda name: None)
        return Report(protocols.TIME, asked.split, rows)


def best_of(found: pd.DataFrame, chosen: Mapping[str, Als]) -> Als | None:
    """Give the configuration that did best on the inner split."""
    return chosen[str(found.loc[found["best"] == "best", "name"].iloc[0])] if len(found) else None


def scores(report: Report | None) -> pd.DataFrame:
    """Give a row a recommender, the best first: (name, low, middle, high, recall, map, coverage, novelty, seconds)."""
    if report is None:
        return pd.DataFrame()
    rows = [{"name": row.model, **row.scored.row(), "seconds": row.seconds} for row in report.rows]
    ends = {NDCG: "middle", f"{NDCG}_low": "low", f"{NDCG}_high": "high"}
    names = ["name", "low", "middle", "high", "recall", "map", "coverage", "novelty", "seconds"]
    frame = pd.DataFrame(rows).rename(columns=ends).rename(columns=lambda name: str(name).split("@")[0])
    return frame.sort_values("middle", ascending=False)[names]


def by_segment(report: Report | None) -> pd.DataFrame:
    """Give each recommender's nDCG of each segment of shoppers: (segment, who, value, shoppers)."""
    rows = [
        {"segment": name, "who": row.model, "value": of[NDCG], "shoppers": of["shoppers"]}
        for row in (report.rows if report else [])
        for name, of in row.scored.segments().items()
        if NDCG in of
    ]
    return pd.DataFrame(rows)
