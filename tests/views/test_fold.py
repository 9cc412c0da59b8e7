"""The law of folding: however the events are split and in whatever order the parts meet, the rows are the same."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mart.schema import LONG, Column, Table
from mart.tables import EVENTS, FOLDABLE
from mart.tables.activity import EVENT_TYPES
from mart.views.fold import LG_CONFIG_K, fold, gather
from mart.views.lifts import LIFTS

SEED = 20_261_121
CASES = 25
ULID = "01JDQ8GZ5Y0000000000000000"
START = datetime(2026, 11, 19, 22, tzinfo=UTC)


def test_any_split_of_the_events_folds_to_the_same_rows(spark: SparkSession) -> None:
    """Every case is its own shop: events, parts and groups of parts at random; all cases in one job a table."""
    events = spark.createDataFrame(list(_cases(random.Random(SEED))), _schema()).localCheckpoint()
    for table in FOLDABLE:
        at_once = gather(LIFTS[table.name](events), _by(table, "case"))
        parts = gather(LIFTS[table.name](events), _by(table, "case", "group", "part"))
        groups = fold(parts, _by(table, "case", "group"))
        together = fold(groups.repartition(7), _by(table, "case"))
        columns = ("case", *table.comparable)
        assert at_once.count() > CASES
        assert parts.count() > at_once.count()
        assert _differing(at_once.select(*columns), together.select(*columns)) == [], (table.name, SEED)


def test_folding_a_folded_table_changes_nothing(spark: SparkSession) -> None:
    events = spark.createDataFrame(list(_cases(random.Random(SEED + 1)))[:500], _schema()).localCheckpoint()
    for table in FOLDABLE:
        once = gather(LIFTS[table.name](events), table)
        columns = table.comparable
        assert _differing(once.select(*columns), fold(once, table).select(*columns)) == [], table.name


@pytest.mark.parametrize("distinct", [1, 20, 3_000, 40_000])
def test_the_estimate_of_a_sketch_is_the_same_however_it_was_made(spark: SparkSession, distinct: int) -> None:
    """A sketch never merged would be estimated by another formula (lambda-findings A2)."""
    ways = [1, 2, 3, 7, 64]
    values = spark.range(distinct).select(F.concat(F.lit("u"), "id").alias("shopper"), F.xxhash64("id").alias("mixed"))
    funnel = next(table for table in FOLDABLE if table.name == "funnel")
    estimates = set()
    for parts in ways:
        sketches = (
            values.withColumn("part", F.pmod("mixed", F.lit(parts)))
            .groupBy("part")
            .agg(F.hll_sketch_agg("shopper", LG_CONFIG_K).alias("shoppers_sketch"))
        )
        rows = sketches.select(
            F.lit("2026-11-20").cast("date").alias("event_day"),
            F.lit("toys").alias("category"),
            *[F.lit(1).cast("bigint").alias(name) for name in ("views", "cart_adds", "purchases")],
            "shoppers_sketch",
            F.col("shoppers_sketch").alias("buyers_sketch"),
        )
        (row,) = fold(rows, funnel).collect()
        assert row["views"] == min(parts, sketches.count())
        estimates.add((row["shoppers"], row["buyers"]))
    assert len(estimates) == 1
    ((shoppers, buyers),) = estimates
    assert shoppers == buyers
    assert abs(shoppers - distinct) <= 0.05 * distinct


def _cases(choose: random.Random) -> Iterator[tuple[Any, ...]]:
    for case in range(CASES):
        parts = choose.randint(1, 6)
        group_of = [choose.randrange(3) for _ in range(parts)]
        for number in range(choose.randint(1, 120)):
            part = choose.randrange(parts)
            yield (case, group_of[part], part, *_event(choose, number))


def _event(choose: random.Random, number: int) -> tuple[Any, ...]:
    when = START + timedelta(seconds=choose.randrange(10_000))
    price = choose.choice([None, Decimal(choose.randrange(10**6)) / 10_000])
    said = {
        "event_id": str(number),
        "event_at": when,
        "event_type": choose.choice(EVENT_TYPES),
        "user_id": choose.choice([None, "u1", "u2", "u3"]),
        "session_id": choose.choice("st"),
        "product_id": choose.choice("pq"),
        "quantity": choose.choice([None, 1, 2, 2**31 - 1]),
        "price": price,
        "currency": choose.choice(["EUR", "USD"]) if price is not None else None,
        "category": choose.choice(["toys", "(unknown)"]),
        "brand": "(unknown)",
        "recommendation_id": choose.choice([None, "no id of ours", f"7.-.{ULID}", f"7~8.e:a~b.{ULID}"]),
        "properties": choose.choice([None, {}, {"position": choose.choice(["1", "2", "3", "none"])}]),
        "source": "test",
        "partition": "0",
        "offset": f"{number:020}",
        "event_day": when.date(),
    }
    return tuple(said.get(name) for name in EVENTS.names)


def _schema() -> str:
    events = ", ".join(f"`{column.name}` {column.type.spark}" for column in EVENTS.columns)
    return f"case BIGINT, `group` BIGINT, part BIGINT, {events}"


def _by(table: Table, *names: str) -> Table:
    """Declare the table once more with columns before its key."""
    more = tuple(Column(name, LONG, "A number.") for name in names)
    return replace(table, columns=(*more, *table.columns), key=(*names, *table.key))


def _differing(one: DataFrame, other: DataFrame) -> list[Any]:
    return [*one.exceptAll(other).limit(3).collect(), *other.exceptAll(one).limit(3).collect()]
