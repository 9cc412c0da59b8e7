"""What is owed to whom for a list: the lift says the same as mart.recommendation_id, event by event."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from mart import recommendation_id
from mart.delivery.follow import lifted
from mart.schema import spark as types
from mart.tables import EVENTS, RECOMMENDATION_FEEDBACK
from mart.views.feedback import reactions, recommendation_feedback

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIST = "7.rank:wide.01JDQ8GZ5Y0000000000000000"


def answer(
    event_type: str, recommendation_id: str | None, position: str | None = "1", **more: object
) -> tuple[Any, ...]:
    said: dict[str, Any] = {
        "event_id": "e",
        "event_at": AT,
        "event_type": event_type,
        "user_id": "u",
        "session_id": "s",
        "product_id": "p",
        "recommendation_id": recommendation_id,
        "properties": None if position is None else {"position": position},
        "event_day": AT.date(),
    } | more
    return tuple(said.get(name) for name in EVENTS.names)


def folded(spark: SparkSession, *events: tuple[Any, ...]) -> list[Row]:
    found = lifted(spark.createDataFrame(list(events), types.struct(EVENTS)), RECOMMENDATION_FEEDBACK)
    return sorted(found.collect(), key=str)


def test_a_list_from_its_impression_to_the_purchase_is_one_row_a_place(spark: SparkSession) -> None:
    sold = {"price": Decimal("2.50"), "currency": "EUR", "quantity": 3}
    events = [answer(kind, LIST) for kind in ("impression", "impression", "click", "cart_add")]
    (row,) = folded(spark, *events, answer("purchase", LIST, **sold))
    assert tuple(row) == ("7", "rank:wide", date(2026, 11, 20), 1, 2, 1, 1, 1, Decimal("7.5"))


def test_currencies_are_added_as_they_are(spark: SparkSession) -> None:
    sold = [{"price": Decimal(5), "currency": currency} for currency in ("EUR", "JPY")]
    (row,) = folded(spark, *(answer("purchase", LIST, **one) for one in sold))
    assert (row["purchases"], row["revenue"]) == (2, 10)


def test_only_what_answers_a_list_counts(spark: SparkSession) -> None:
    others = [answer(kind, LIST) for kind in ("view", "cart_remove", "refund", "rating")]
    assert folded(spark, answer("click", None), *others) == []


@pytest.mark.parametrize(
    ("told", "place"),
    [("3", 3), ("128", 128), (None, 0), ("129", 0), ("0", 0), ("-1", 0), ("1.5", 0), ("first", 0), ("99999999999", 0)],
)
def test_a_place_that_is_none_counts_as_0(spark: SparkSession, told: str | None, place: int) -> None:
    (row,) = folded(spark, answer("click", LIST, told))
    assert (row["position"], row["clicks"]) == (place, 1)


def test_every_id_and_place_is_owed_as_python_says(spark: SparkSession) -> None:
    choose = Random(5)
    versions, variants = ("7", "0", "7~8", "a_b-c"), ("-", "rank:wide", "rank:control~wide", "a~b")
    ids = [recommendation_id.make(choose.choice(versions), choose.choice(variants)) for _ in range(200)]
    foreign = [
        "",
        "x",
        "7.-.short",
        LIST + "\n",
        LIST.lower(),
        "7.1." + LIST,
        "ä" + LIST,
        "7" * 65 + LIST[1:],
        "7~8~9" + LIST[1:],
    ]
    asked = [(one, choose.randrange(129)) for one in ids for _ in range(5)] + [(one, 1) for one in foreign]
    events = [answer("click", one, str(place), event_id=str(number)) for number, (one, place) in enumerate(asked)]
    rows = recommendation_feedback(spark.createDataFrame(events, types.struct(EVENTS))).collect()
    found = {int(row["event_id"]): (row["model_version"], row["variant"]) for row in rows}
    unknown = ("(unknown)", "(unknown)")
    assert found == {n: recommendation_id.credit(one, place) or unknown for n, (one, place) in enumerate(asked)}
    assert sum(owed == unknown for owed in found.values()) == len(foreign)


def test_reactions_count_what_shoppers_with_an_account_were_shown_and_clicked(spark: SparkSession) -> None:
    events = [
        *(answer(kind, LIST) for kind in ("impression", "impression", "click", "cart_add")),
        answer("click", None),
    ]
    others = [answer("impression", LIST, product_id="q"), answer("impression", LIST, user_id=None)]
    found = reactions(spark.createDataFrame([*events, *others], types.struct(EVENTS)))
    assert sorted(map(tuple, found.collect())) == [("u", "p", 2, 1), ("u", "q", 1, 0)]
