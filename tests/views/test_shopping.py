"""What each event adds to each table, row for row."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from mart.delivery.follow import lifted
from mart.schema import Table
from mart.schema import spark as types
from mart.tables import EVENTS, FOLDABLE, FUNNEL, INTERACTIONS, POPULARITY, RECOMMENDATION_FEEDBACK, SALES

DAY = date(2026, 11, 20)
SHOWN = {"recommendation_id": "7.-.01JDQ8GZ5Y0000000000000000", "properties": {"position": "2"}}


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def event(
    event_type: str, when: datetime, user: str | None = "u", product: str = "p", **more: object
) -> tuple[Any, ...]:
    """Make an event that says only what matters."""
    said: dict[str, Any] = {
        "event_id": f"{event_type}{when}",
        "event_at": when,
        "event_type": event_type,
        "user_id": user,
        "session_id": "s",
        "product_id": product,
        "category": "toys",
        "brand": "Acme",
        "source": "test",
        "partition": "0",
        "offset": "0",
        "event_day": when.date(),
    } | more
    if "price" in said:
        said = {"currency": "EUR"} | said | {"price": Decimal(said["price"])}
    return tuple(said.get(name) for name in EVENTS.names)


EVENTS_MADE = [
    event("view", at(10)),
    event("view", at(10, 59)),
    event("view", at(11), user=None),  # a visitor: the session shops
    event("cart_add", at(11, 1)),
    event("cart_remove", at(11, 2)),
    event("impression", at(11, 3), **SHOWN),
    event("click", at(11, 3), **SHOWN),
    event("click", at(11, 4)),  # of no list
    event("rating", at(11, 3), rating=5.0),
    event("purchase", at(11, 5), price="2.50", quantity=3, **SHOWN),
    event("purchase", at(23, 59), price="0.0001", currency="USD"),  # no quantity is one piece
    event("purchase", at(12), user="other", category="games"),  # no price adds nothing
    event("refund", at(9, day=21), price="2.50", quantity=5),  # more than was bought
    event("refund", at(9, 30, day=21), user="nobody before", product="q"),
    event("view", at(0), user="v", product="q"),
]
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "interactions": [
        ("u", "p", 2, 1, 2, -1, at(10), at(9, day=21)),
        ("other", "p", 0, 0, 1, 1, at(12), at(12)),
        ("nobody before", "q", 0, 0, 0, -1, at(9, 30, day=21), at(9, 30, day=21)),
        ("v", "q", 1, 0, 0, 0, at(0), at(0)),
    ],
    "popularity": [
        ("p", at(10), 2, 0, 0, 0, Decimal(0), 1, DAY),
        ("p", at(11), 1, 1, 1, 3, Decimal("7.5"), 2, DAY),
        ("p", at(12), 0, 0, 1, 1, Decimal(0), 1, DAY),
        ("p", at(23), 0, 0, 1, 1, Decimal("0.0001"), 1, DAY),
        ("q", at(0), 1, 0, 0, 0, Decimal(0), 1, DAY),
    ],
    "sales": [
        ("p", DAY, "EUR", 3, 1, Decimal("7.5"), Decimal(0)),
        ("p", DAY, "USD", 1, 1, Decimal("0.0001"), Decimal(0)),
        ("p", DAY, "(unknown)", 1, 1, Decimal(0), Decimal(0)),
        ("p", date(2026, 11, 21), "EUR", 0, 0, Decimal(0), Decimal("12.5")),
        ("q", date(2026, 11, 21), "(unknown)", 0, 0, Decimal(0), Decimal(0)),
    ],
    "funnel": [
        (DAY, "toys", 4, 1, 2, 3, 1),
        (DAY, "games", 0, 0, 1, 1, 1),
    ],
    "recommendation_feedback": [
        ("7", "-", DAY, 2, 1, 1, 0, 1, Decimal("7.5")),
    ],
}


@pytest.mark.parametrize("table", FOLDABLE, ids=lambda table: table.name)
def test_hand_made_events_give_exactly_these_rows(spark: SparkSession, table: Table) -> None:
    events = spark.createDataFrame(EVENTS_MADE, types.struct(EVENTS))
    found = lifted(events, table)
    declared = types.struct(table)
    assert [(field.name, field.dataType) for field in found.schema] == [(f.name, f.dataType) for f in declared]
    shown = found.select(*table.comparable)
    assert_df_equality(
        shown, spark.createDataFrame(EXPECTED[table.name], shown.schema), ignore_row_order=True, ignore_nullable=True
    )


@pytest.mark.parametrize("table", FOLDABLE, ids=lambda table: table.name)
def test_no_event_gives_no_row(spark: SparkSession, table: Table) -> None:
    assert lifted(spark.createDataFrame([], types.struct(EVENTS)), table).isEmpty()


def test_the_hour_is_that_of_utc_and_the_day_that_of_the_hour(spark: SparkSession) -> None:
    nearly_midnight = [event("view", at(23, 59)), event("view", at(0, day=21))]
    found = lifted(spark.createDataFrame(nearly_midnight, types.struct(EVENTS)), POPULARITY)
    assert sorted((row["hour"].hour, str(row["event_day"])) for row in found.collect()) == [
        (0, "2026-11-21"),
        (23, "2026-11-20"),
    ]


def test_the_largest_price_times_the_largest_quantity_fits(spark: SparkSession) -> None:
    most = {"price": "99999999999999.9999", "quantity": 2**31 - 1}
    rows = [event("purchase", at(1, minute), **most) for minute in range(50)]
    (row,) = lifted(spark.createDataFrame(rows, types.struct(EVENTS)), SALES).collect()
    assert str(row["revenue"]).replace(".", "") == str(
        50 * (10**18 - 1) * (2**31 - 1)
    )  # Decimal's context has 28 digits
    assert row["quantity"] == 50 * (2**31 - 1)


def test_every_foldable_table_is_tested_here() -> None:
    assert (
        set(EXPECTED)
        == {table.name for table in FOLDABLE}
        == {INTERACTIONS.name, POPULARITY.name, SALES.name, FUNNEL.name, RECOMMENDATION_FEEDBACK.name}
    )
