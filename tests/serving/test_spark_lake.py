"""The engine over a lake that the real jobs have made: ingest, batch views and MLlib's factors, exact by topic and by lake."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart import job
from mart.api.engine import Engine
from mart.api.filters import Wish
from mart.api.recommend import Ask
from mart.delivery import layers
from mart.delivery.ingest import Ingest
from mart.delivery.intake import Activity
from mart.edges import delta, lake, recording, registry
from mart.models import als
from mart.models.weighing import confidence
from mart.replay.send import send_products
from mart.schema import Table
from mart.settings import Settings
from mart.tables import EVENTS, INTERACTIONS, ITEM_FACTORS, POPULARITY, PRODUCTS, USER_FACTORS
from tests.serving.conftest import opened
from tests.serving.lake import NOW, PLAN, Shop, event, until

RECORDS = (
    "source string, partition string, offset string, key binary, payload binary, sequence string, arrived_at timestamp"
)


class SparkShop(Shop):
    """The same shop, whose lake is made by Spark."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self._ingest = spark, Ingest(Activity(spark, settings))
        super().__init__(settings)

    def stock(self) -> None:
        send_products(self.settings, "shop", PLAN.shop.catalogue(PLAN.end))
        job.load("batch/products")(self.spark, self.settings, job.Options())

    def land(self) -> int:
        source, now = f"kafka:{self.settings.kafka.activity}", datetime.now(UTC)
        rows = [(source, str(r.partition), f"{r.offset:020}", None, r.value, None, now) for r in self.unread()]
        self._ingest(self._ingest.parse(self.spark.createDataFrame(rows, RECORDS)), 0)
        for table in (INTERACTIONS, POPULARITY):
            layers.refresh(self.spark, self.settings, table)
        version = lake.version(self.settings, EVENTS)
        assert version is not None
        return version

    def train(self, seed: int) -> str:
        rows = lake.read(self.spark, self.settings, INTERACTIONS.at("batch"))
        horizon = lake.frontier(self.settings, INTERACTIONS.at("batch")) or 0
        fitted = als.fit(confidence(rows, self.settings.als.taste, NOW), self.settings.als)
        tags = registry.lineage(self.settings.als, NOW, 1, 1, "test")
        version = recording.register(self.settings, lambda: None, horizon, {}, {}, tags)
        self._keep(version, horizon, fitted.item_factors, fitted.user_factors)
        registry.release(self.settings, version, registry.CHAMPION)
        return version

    def _keep(self, version: str, horizon: int, items: DataFrame, users: DataFrame) -> None:
        lake.ensure(self.spark, self.settings, ITEM_FACTORS, USER_FACTORS)
        made = {"model_version": F.lit(version), "made_from_version": F.lit(horizon)}
        for table, rows in ((ITEM_FACTORS, items), (USER_FACTORS, users)):
            lake.overwrite(self.settings, table, rows.withColumns(made))


def test_lists_are_those_of_the_trained_factors_then_of_the_topic_and_stay_when_that_has_landed(
    spark: SparkSession, broker: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(broker, tmp_path_factory, partial(SparkShop, spark)) as shop, shop.open() as engine:
        user = Counter(str(row["user_id"]) for row in _rows(shop, INTERACTIONS.at("batch"))).most_common(1)[0][0]
        items = {row["product_id"]: row["factors"] for row in _rows(shop, ITEM_FACTORS)}
        trained = next(row["factors"] for row in _rows(shop, USER_FACTORS) if row["user_id"] == user)
        scores = _scores(engine, user)
        assert len(scores) > 20
        for product, score in scores.items():
            assert score == pytest.approx(sum(a * b for a, b in zip(trained, items[product], strict=True)), abs=1e-4)
        answer = engine.recommend(Ask(user))
        assert all(item.title and item.price for item in answer.items)
        assert len(_rows(shop, PRODUCTS)) == PLAN.products

        again = event("purchase", "p3", user, quantity=2)
        shop.tell(engine, again, event("view", "p5", user), again, b"rubbish", new=2)
        by_topic = _scores(engine, user)
        assert by_topic != pytest.approx({one: scores.get(one) for one in by_topic}, abs=1e-4)
        version = shop.land()
        until(lambda: engine.made_from_version == version, lambda: str(engine.faults))
        assert _scores(engine, user) == pytest.approx(by_topic, abs=1e-6)


def _rows(shop: Shop, table: Table) -> list[dict[str, object]]:
    found = delta.scan(shop.settings, table.path)
    assert found is not None
    return found.to_table().to_pylist()


def _scores(engine: Engine, user: str) -> dict[str, float]:
    found = engine.recommend(Ask(user, n=100, wish=Wish(in_stock=False)))
    return {i.product_id: i.score for i in found.items if "because you" in i.reason or i.reason.endswith("like you")}
