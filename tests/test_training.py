"""Training on a real lake: what is measured is what a reader would compute by hand, and the gate decides what becomes of it."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from math import log2

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart import job, release, training
from mart.edges import lake, registry
from mart.models.card import flat
from mart.settings import Als, Settings
from mart.tables import EVENTS, INTERACTIONS
from mart.views import shopping
from mart.views.fold import gather

GOOD = Als(rank=4, iterations=4, alpha=5.0, blocks=1)
BAD = Als(rank=1, iterations=1, alpha=0.01, regularisation=50.0, blocks=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
train = job.load("batch/train_als")

Act = tuple[datetime, str, str, str]


def acts() -> list[Act]:
    """Two camps of shoppers, each with its own half of the products, mostly."""
    chance = random.Random(1)
    rows = []
    for user in range(80):
        for _ in range(10):
            product = 2 * chance.randrange(20) + (user % 2 if chance.random() < 0.9 else 1 - user % 2)
            kind = "purchase" if chance.random() < 0.3 else "view"
            rows.append(
                (START + timedelta(minutes=chance.randrange(30 * 24 * 60)), kind, f"u{user:02}", f"p{product:02}")
            )
    return rows


@pytest.fixture(scope="module")
def settings(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with these acts, and batch.interactions made of them."""
    settings = Settings.read(home=tmp_path_factory.mktemp("shop")).model_copy(update={"als": GOOD})
    lake.ensure(spark, settings, EVENTS, INTERACTIONS.at("batch"))
    rows = [(f"e{i}", *act, act[0].date(), str(i), 1) for i, act in enumerate(acts())]
    names = ["event_id", "event_at", "event_type", "user_id", "product_id", "event_day", "offset", "quantity"]
    types = ["STRING", "TIMESTAMP", "STRING", "STRING", "STRING", "DATE", "STRING", "INT"]
    frame = spark.createDataFrame(
        rows, ", ".join(map(" ".join, zip((f"`{name}`" for name in names), types, strict=True)))
    )
    rest = {
        c.name: F.lit("-" if c.name in ("source", "partition") else None) for c in EVENTS.columns if c.name not in names
    }
    whole = frame.withColumns(rest).select(*[F.col(c.name).cast(c.type.spark).alias(c.name) for c in EVENTS.columns])
    events = lake.append(settings, EVENTS, whole)
    folded = gather(shopping.interactions(lake.read(spark, settings, EVENTS)), INTERACTIONS.at("batch"))
    lake.overwrite(settings, INTERACTIONS.at("batch"), folded, at=("events", events.version))
    return settings


def by_hand(cut: datetime) -> dict[str, float]:
    """Score popularity for each shopper in plain Python: what was known at the cut, and what each came to later.

    NaN where the tenth and the eleventh product are equally popular: which of them is shown is nobody's promise.
    """
    known, first = defaultdict(set), {}
    for at, _, user, product in sorted(acts()):
        first.setdefault((user, product), at)
        if at <= cut:
            known[user].add(product)
    counts = Counter(product for products in known.values() for product in products)
    wanted = defaultdict(set)
    for (user, product), at in first.items():
        if at > cut and user in known and product in counts:
            wanted[user].add(product)
    ranking = sorted(counts, key=lambda product: (-counts[product], product))
    scores = {}
    for user in sorted(wanted):
        left = [product for product in ranking if product not in known[user]]
        scores[user] = _ndcg(left[:10], wanted[user]) if counts[left[9]] > counts[left[10]] else float("nan")
    return scores


def _ndcg(shown: list[str], wanted: set[str]) -> float:
    gains = sum(1 / log2(place + 2) for place, product in enumerate(shown) if product in wanted)
    return gains / sum(1 / log2(place + 2) for place in range(min(10, len(wanted))))


def test_rivals_know_nothing_from_after_the_cut_and_are_scored_as_by_hand(
    spark: SparkSession, settings: Settings
) -> None:
    made_of = training.source(spark, settings)
    assert made_of.now == max(at for at, *_ in acts())
    contest = training.meet(spark, settings, made_of, GOOD)
    assert contest is not None
    firsts = sorted(
        min(at for at, _, *pair in acts() if pair == list(key)) for key in {(u, p) for _, _, u, p in acts()}
    )
    told = contest.protocol.removeprefix("Known: events up to ")[:16]
    cut = next(at for at in firsts if f"{at:%Y-%m-%d %H:%M}" == told)
    assert 0.75 < firsts.index(cut) / len(firsts) < 0.85

    expected = by_hand(cut)
    sure = ~np.isnan(list(expected.values()))
    assert sure.sum() > 20
    assert contest.popularity.ndcg[sure] == pytest.approx(np.array(list(expected.values()))[sure])
    assert contest.challenger.ndcg.shape == (len(expected),)
    assert contest.challenger.ndcg.mean() > contest.popularity.ndcg.mean()
    assert sum(members.astype(int) for members in contest.segments.values()).tolist() == [1] * len(expected)
    assert np.isnan(contest.challenger.tail).tolist() == np.isnan(contest.popularity.tail).tolist()
    assert contest.popularity.shown.sum() == contest.challenger.shown.sum() == 10 * len(expected)
    assert contest.champion is None


def test_a_worse_configuration_stays_challenger_and_the_gate_says_why(spark: SparkSession, settings: Settings) -> None:
    train(spark, settings, job.Options())
    first = registry.released(settings)
    assert first is not None
    assert (first.version, first.als, first.now) == ("1", GOOD, max(at for at, *_ in acts()))
    assert (first.shoppers, first.products) == (80, 40)

    train(spark, settings.model_copy(update={"als": BAD}), job.Options())
    assert registry.released(settings) == first
    challenger = registry.get(settings, registry.CHALLENGER)
    verdict = release.recorded(settings, challenger)
    assert verdict is not None
    assert "champion" in verdict.failed
    assert challenger.params["rank"] == "1"
    assert set(flat(BAD)) < set(challenger.params)
    assert challenger.metrics["champion_ndcg_at_10"] > challenger.metrics["ndcg_at_10"]

    with pytest.raises(release.Refused, match="version 2 fails the gate"):
        release.promote(settings, "2", lambda _: verdict, "", force=False)
