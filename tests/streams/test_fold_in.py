"""Fold-in behind the events: exact, once, whatever is replayed, and new products find their place."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.delivery import fold_in, layers, scoring
from mart.delivery.fold_in import FoldIn
from mart.edges import changefeed, lake, recording, registry
from mart.models import als, foldin
from mart.models.confidence import confidence_of
from mart.models.weighing import confidence
from mart.settings import Als, Settings
from mart.settings import FoldIn as Places
from mart.tables import EVENTS, INTERACTIONS, ITEM_FACTORS, POPULARITY, PRODUCTS, RECOMMENDATIONS, USER_FACTORS
from mart.tables.recommendations import FRESH_ITEM_FACTORS, FRESH_RECOMMENDATIONS, FRESH_USER_FACTORS
from mart.views import recommendations as views

SIZE, N = 10, 3
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
ALS = Als(rank=2, iterations=5, regularisation=0.1, alpha=10.0, blocks=1, top_n=N, seed=5)
BOARD = [(f"u{i}", f"p{j}") for i in range(SIZE) for j in range(SIZE) if (i + j) % 2 == 0 and i != j]


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop with a trained model, whose lists are made: two tastes, as on a checkerboard."""
    settings = Settings.read(home=tmp_path_factory.mktemp("shop")).model_copy(update={"als": ALS})
    lake.ensure(spark, settings, EVENTS, PRODUCTS)
    happens(spark, settings, BOARD, 0)
    names = [*(f"p{i}" for i in range(SIZE)), "new even", "new odd", "hidden"]
    rows = [
        (p, f"Title of {p}", "even" if p == "new even" or p[-1] in "02468" else "odd", p != "hidden") for p in names
    ]
    about = spark.createDataFrame(rows, "product_id STRING, title STRING, category STRING, in_stock BOOLEAN")
    absent = {c.name: F.lit(None).cast(c.type.spark) for c in PRODUCTS.columns if c.name not in about.columns}
    lake.overwrite(settings, PRODUCTS, about.withColumns(absent))
    for table in (INTERACTIONS, POPULARITY):
        layers.refresh(spark, settings, table)
    train(spark, settings)
    job.load("serving/recommendations")(spark, settings, job.Options())
    return settings


def train(spark: SparkSession, settings: Settings) -> None:
    """Release a model of all that batch.interactions holds, without measuring it first as the job does."""
    made_from = lake.frontier(settings, INTERACTIONS.at("batch"))
    assert made_from is not None
    fitted = als.fit(confidence(lake.read(spark, settings, INTERACTIONS.at("batch")), ALS.taste), ALS)
    version = recording.record(settings, fitted.model, made_from, {}, {}, registry.lineage(ALS, AT, SIZE, SIZE, "test"))
    lake.ensure(spark, settings, USER_FACTORS, ITEM_FACTORS)
    stamps = {"model_version": F.lit(version), "made_from_version": F.lit(made_from)}
    for table, factors in ((USER_FACTORS, fitted.user_factors), (ITEM_FACTORS, fitted.item_factors)):
        lake.overwrite(settings, table, factors.withColumns(stamps))
    registry.release(settings, version, registry.CHAMPION)


def happens(spark: SparkSession, settings: Settings, pairs: list[tuple[str, str]], hours: int) -> int:
    """Let each shopper buy the product beside them. Returns the version of the events then."""
    when = AT + timedelta(hours=hours)
    rows = [(f"{hours}-{n}", when, "purchase", user, product, 1) for n, (user, product) in enumerate(pairs)]
    made = spark.createDataFrame(rows, "event_id STRING, event_at TIMESTAMP, event_type STRING, user_id STRING, product_id STRING, quantity INT")  # fmt: skip
    fixed = {"source": "test", "partition": "0", "category": "(unknown)", "brand": "(unknown)"}
    made = made.withColumns({name: F.lit(value) for name, value in fixed.items()})
    made = made.withColumns({"offset": F.col("event_id"), "arrived_at": F.col("event_at"), "event_day": F.to_date("event_at")})  # fmt: skip
    absent = {c.name: F.lit(None).cast(c.type.spark) for c in EVENTS.columns if c.name not in made.columns}
    return lake.append(settings, EVENTS, made.withColumns(absent)).version


def advance(spark: SparkSession, settings: Settings, folding: FoldIn, upto: int) -> None:
    folding.advance(changefeed.added(spark, settings, EVENTS, folding.stands, upto), upto)


def fresh(spark: SparkSession, settings: Settings, user: str) -> list[str]:
    rows = views.newest_lists(
        lake.read(spark, settings, RECOMMENDATIONS), lake.read(spark, settings, FRESH_RECOMMENDATIONS)
    )
    return [row["product_id"] for row in rows.where(F.col("user_id") == user).orderBy("rank").collect()]


def test_what_happens_changes_lists_within_one_batch_and_nothing_is_made_twice(
    spark: SparkSession, shop: Settings
) -> None:
    folding = FoldIn(spark, shop.model_copy(update={"fold_in": Places(least_shoppers=3)}))
    start = folding.stands
    assert start == lake.frontier(shop, RECOMMENDATIONS), "what the batch layer has listed needs no list here"
    pairs = [("newcomer", "p0"), ("newcomer", "p2"), ("u1", "p1"), *((f"u{i}", "new even") for i in (0, 2, 4))]
    upto = happens(spark, shop, pairs, 1)
    assert "p1" in fresh(spark, shop, "u1")
    advance(spark, shop, folding, upto)

    acted = {"newcomer", "u0", "u1", "u2", "u4"}
    users = lake.read(spark, shop, FRESH_USER_FACTORS)
    assert {row["user_id"] for row in users.collect()} == acted
    assert "p1" not in fresh(spark, shop, "u1"), "bought just now"
    assert set(fresh(spark, shop, "newcomer")) <= {"p4", "p6", "p8", "new even"}, "a new shopper's taste is known"
    assert "new even" in {row["product_id"] for row in lake.read(spark, shop, FRESH_ITEM_FACTORS).collect()}
    assert fresh(spark, shop, "u3") == [row["product_id"] for row in lake.read(spark, shop, RECOMMENDATIONS).where("user_id = 'u3'").orderBy("rank").collect()]  # fmt: skip

    counts = [lake.read(spark, shop, table).count() for table in fold_in.TABLES]
    again = FoldIn(spark, shop)
    again.frontiers = dict.fromkeys(again.frontiers, start)  # a kill before any of it was known to be written
    advance(spark, shop, again, upto)
    assert [lake.read(spark, shop, table).count() for table in fold_in.TABLES] == counts
    assert FoldIn(spark, shop).stands == upto


def test_a_shopper_is_where_the_exact_equations_of_their_history_put_them(spark: SparkSession, shop: Settings) -> None:
    folding = FoldIn(spark, shop)
    items = {r["product_id"]: r["factors"] for r in scoring.champion(spark, shop).items.collect()}  # type: ignore[union-attr]
    upto = happens(spark, shop, [("exact", "p3"), ("exact", "p5"), ("exact", "p5")], 2)
    advance(spark, shop, folding, upto)
    names, y = list(items), np.array(list(items.values()), "f4")
    sure = confidence_of([0, 0], [0, 0], [1, 2], [1, 2], np.zeros(2, "datetime64[us]"), ALS.taste)
    expected = foldin.fold_in(foldin.gram(y), y, np.array([names.index("p3"), names.index("p5")]), sure, ALS)
    (row,) = lake.read(spark, shop, FRESH_USER_FACTORS).where(F.col("user_id") == "exact").collect()
    assert row["factors"] == pytest.approx(expected, abs=1e-5)
    assert (row["made_from_version"], row["bucket"]) == (upto, upto // 100)


def test_a_product_without_shoppers_lies_among_its_category_and_is_hidden_without_one(
    spark: SparkSession, shop: Settings
) -> None:
    advance(spark, shop, FoldIn(spark, shop), happens(spark, shop, [(f"u{i}", f"p{i}") for i in (3, 5)], 3))
    users = spark.createDataFrame([("odd", [1.0, 1.0])], "user_id STRING, factors ARRAY<FLOAT>")
    model = scoring.champion(spark, shop)
    assert model is not None
    bought = lake.read(spark, shop, INTERACTIONS.at("batch")).where(F.col("user_id") == "nobody")
    wide = shop.model_copy(update={"als": ALS.model_copy(update={"top_n": 20})})
    listed = {row["product_id"] for row in scoring.lists(spark, wide, users, model.items, bought).collect()}
    assert "new odd" in listed
    assert "hidden" not in listed


def test_the_job_follows_the_events_and_ends_where_they_end(spark: SparkSession, shop: Settings) -> None:
    upto = happens(spark, shop, [("u7", "p7")], 4)
    stream = job.load("streaming/fold_in")(spark, shop, job.Options(available_now=True))
    assert stream is not None
    while not stream.wait(1):
        pass
    assert FoldIn(spark, shop).stands == upto
    assert "p7" not in fresh(spark, shop, "u7")


def test_batch_scoring_folds_in_who_came_after_the_training(spark: SparkSession, shop: Settings) -> None:
    happens(spark, shop, [("late", "p1"), ("late", "p3")], 5)
    for table in (INTERACTIONS, POPULARITY):
        layers.refresh(spark, shop, table)
    job.load("serving/recommendations")(spark, shop, job.Options())
    made = lake.read(spark, shop, RECOMMENDATIONS).where(F.col("user_id") == "late").orderBy("rank").collect()
    assert [row["rank"] for row in made] == [1, 2, 3]
    assert {row["product_id"] for row in made} <= {"p5", "p7", "p9", "new odd"}
    assert FoldIn(spark, shop).stands == lake.frontier(shop, RECOMMENDATIONS)
    fold_in.tidy(shop)  # all of it lies in a bucket that is not over
    assert lake.read(spark, shop, FRESH_RECOMMENDATIONS).count() > 0


def test_events_without_a_model_only_move_the_frontier(spark: SparkSession, tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    lake.ensure(spark, settings, EVENTS)
    upto = happens(spark, settings, [("u", "p")], 0)
    folding = FoldIn(spark, settings)
    advance(spark, settings, folding, upto)
    assert folding.stands == FoldIn(spark, settings).stands == upto
    assert all(lake.read(spark, settings, table).isEmpty() for table in fold_in.TABLES)
    assert not lake.exists(settings, ITEM_FACTORS)
