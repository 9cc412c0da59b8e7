"""From folded tables to lists: train_als and recommendations, run as the jobs they are."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from mart import job
from mart.edges import lake, registry
from mart.schema import Table
from mart.settings import Als, Settings
from mart.tables import INTERACTIONS, ITEM_FACTORS, POPULARITY, PRODUCTS, RECOMMENDATIONS, USER_FACTORS
from mart.tables.recommendations import EVERYONE

SIZE, N, HORIZON = 10, 3, 41
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
train, recommend = job.load("batch/train_als"), job.load("serving/recommendations")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    als = Als(rank=2, iterations=5, regularisation=0.1, alpha=10.0, blocks=1, top_n=N, seed=5)
    return Settings.read(home=tmp_path).model_copy(update={"als": als})


def shop(spark: SparkSession, settings: Settings, bought: list[tuple[str, str]], out_of_stock: str = "") -> None:
    """Fill the batch tables and the catalogue of a shop where these pairs were bought, once each."""
    counts = {"views": 2, "cart_adds": 0, "purchases": 1, "quantity": 1}
    when = {"hour": AT, "event_day": AT.date(), "first_at": AT, "last_at": AT}
    sketch = {"shoppers": 1, "shoppers_sketch": bytearray(b""), "revenue": Decimal(0)}
    pairs = [{"user_id": user, "product_id": product, **counts, **when, **sketch} for user, product in bought]
    hours = [pair | {"hour": AT.replace(hour=i % 24, day=1 + i // 24)} for i, pair in enumerate(pairs)]
    for table, rows in ((INTERACTIONS, pairs), (POPULARITY, hours)):
        write(spark, settings, table.at("batch"), rows, at=("events", HORIZON))
    products = sorted({product for _, product in bought})
    write(spark, settings, PRODUCTS, [
        {"product_id": p, "title": f"Title of {p}", "price": Decimal(1), "in_stock": p != out_of_stock, "updated_at": AT} for p in products
    ])  # fmt: skip


def write(
    spark: SparkSession, settings: Settings, table: Table, rows: list[dict], at: lake.Frontier | None = None
) -> None:
    lake.ensure(spark, settings, table)
    frame = spark.createDataFrame([tuple(row.get(name) for name in table.names) for row in rows], types(table))
    lake.overwrite(settings, table, frame, at=at)


def types(table: Table) -> str:
    return ", ".join(f"`{c.name}` {c.type.spark}" for c in table.columns)


def lists(spark: SparkSession, settings: Settings) -> dict[str, list[Row]]:
    made = defaultdict(list)
    for row in lake.read(spark, settings, RECOMMENDATIONS).orderBy("user_id", "rank").collect():
        made[row["user_id"]].append(row)
    return made


def test_nothing_there_is_said_and_is_no_failure(
    spark: SparkSession, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    train(spark, settings, job.Options())
    recommend(spark, settings, job.Options())
    said = capsys.readouterr()
    assert "no model" in said.err
    assert "nothing to recommend from" in said.err
    assert said.out == ""
    assert not lake.exists(settings, RECOMMENDATIONS)


def test_too_little_to_learn_from_still_gives_the_popular_products(
    spark: SparkSession, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    shop(spark, settings, [("u", "a"), ("u", "b"), ("u", "c")], out_of_stock="b")
    train(spark, settings, job.Options())
    recommend(spark, settings, job.Options())
    assert "it takes 2 shoppers and 2 products, batch.interactions has 1 and 3" in capsys.readouterr().err
    assert registry.released(settings) is None
    made = lists(spark, settings)
    assert list(made) == [EVERYONE]
    assert [(row["rank"], row["product_id"], row["reason"]) for row in made[EVERYONE]] == [
        (1, "a", "popular in the shop"),
        (2, "c", "popular in the shop"),
    ]


def test_every_shopper_gets_what_is_left_and_why(spark: SparkSession, settings: Settings) -> None:
    board = [(f"u{i}", f"p{j}") for i in range(SIZE) for j in range(SIZE) if (i + j) % 2 == 0 and i != j]
    shop(spark, settings, board, out_of_stock="p9")
    train(spark, settings, job.Options())
    recommend(spark, settings, job.Options())

    assert registry.released(settings) == registry.Released("1", made_from=HORIZON)
    for table, key in ((USER_FACTORS, "user_id"), (ITEM_FACTORS, "product_id")):
        rows = lake.read(spark, settings, table).collect()
        assert len({row[key] for row in rows}) == len(rows) == SIZE
        assert {(len(row["factors"]), row["model_version"], row["made_from_version"]) for row in rows} == {
            (2, "1", HORIZON)
        }

    made = lists(spark, settings)
    assert lake.frontier(settings, RECOMMENDATIONS) == HORIZON
    assert set(made) == {EVERYONE} | {f"u{i}" for i in range(SIZE)}
    for user, rows in made.items():
        assert [row["rank"] for row in rows] == [1, 2, 3], f"{N} are left for {user}"
        shown = {row["product_id"] for row in rows}
        assert not shown & {product for shopper, product in board if shopper == user}, "bought"
        assert "p9" not in shown, "out of stock"
    for i in range(SIZE - 1):  # p9, the answer for u9, is out of stock
        first = made[f"u{i}"][0]
        assert first["product_id"] == f"p{i}", "the withheld product is the known answer"
        assert first["reason"].startswith("because you bought Title of p")
    assert {row["model_version"] for user in made for row in made[user]} == {None, "1"}
