"""Charts are functions of frames: each has a title, axes that say what they count, and colours that everybody tells apart."""

import json
import re
from typing import Any

import altair as alt
import pandas as pd
import pytest

from mart.charts import habits, look, market, models, ranges, shop
from mart.dashboard import sales

NAMED = pd.DataFrame({"name": ["Lamp", "Rug"], "now": [9, 4], "before": [2, 1]})
ACTS = pd.DataFrame({"category": ["a", "b"], "views": [80, 20], "cart_adds": [9, 3], "purchases": [4, 1]})
DAYS = pd.DataFrame({"day": ["2026-01-01"], "revenue": [9.0], "refunds": [1.0], "net": [8.0], "order_lines": [3]})
HOURS = pd.DataFrame({"hour": ["01-01 09:00"], "views": [9], "cart adds": [2], "purchases": [1]})
PLACES = pd.DataFrame({"position": [1], "made_by": ["model 1"], "impressions": [9], "clicks": [3], "ctr": [1 / 3]})
PRICES = pd.DataFrame(
    {"shop": ["a"], "offer_id": ["1"], "at": [pd.Timestamp("2026-01-01", tz="UTC")], "price": [9.0], "in_stock": [True]}
)
MARKET = pd.DataFrame(
    {
        "name": ["Lamp"],
        "low": [-0.1],
        "high": [0.1],
        "ours": [0.0],
        "our_price": [9.0],
        "cheapest_price": [8.0],
        "median_price": [9.0],
        "offers": [2],
    }
)

RANGE = pd.DataFrame({"name": ["a"], "low": [-0.1], "middle": [0.0], "high": [0.1]})
BESIDE = pd.DataFrame({"segment": ["a", "a"], "who": ["x", "y"], "value": [0.1, 0.2]})

DRAWN = {
    "activity_by_day": habits.activity_by_day(pd.DataFrame({"day": ["2026-01-01"], "act": ["views"], "events": [9]})),
    "busy_hours": habits.busy_hours(pd.DataFrame({"weekday": [0], "hour": [9], "events": [1.5]})),
    "tenths": habits.tenths(pd.DataFrame({"tenth": [1], "share": [0.4], "shoppers": [9], "least": [3]})),
    "returns": habits.returns(pd.DataFrame({"days": [1], "shoppers": [9]})),
    "spread": market.spread(RANGE),
    "levels": market.levels(RANGE),
    "configurations": models.configurations(RANGE),
    "recommenders": models.recommenders(RANGE),
    "differences": models.differences(RANGE),
    "segments": models.segments(BESIDE),
    "places": models.places(BESIDE),
    "by_day": shop.by_day(DAYS, "EUR"),
    "by_hour": shop.by_hour(HOURS, "views"),
    "funnel": shop.funnel(sales.steps(ACTS)),
    "conversion": shop.conversion(ACTS.assign(share=[0.05, 0.05])),
    "trending": shop.trending(NAMED, "views", 7),
    "by_position": shop.by_position(PLACES),
    "outcomes": shop.outcomes(
        pd.DataFrame({"arrived_day": ["2026-01-01"], "became": ["events"], "rank": [0], "records": [9]})
    ),
    "models": shop.models(pd.DataFrame({"version": ["1"], "ndcg": [0.2], "popular": [0.1], "alias": ["champion"]})),
    "price_history": market.price_history(PRICES, "EUR", 7.0),
    "pieces": market.pieces(pd.DataFrame({"event_day": [pd.Timestamp("2026-01-01")], "quantity": [3]})),
    "positions": market.positions(MARKET),
    "shops": market.shops(pd.DataFrame({"shop": ["a"], "cheapest": [2], "offers": [9], "in_stock": [0.5]})),
    "alerts": market.alerts(pd.DataFrame({"kind": ["price_drop"], "words": ["price drop"], "alerts": [3]})),
}
SAFE = {
    look.BLUE,
    look.ORANGE,
    look.GREEN,
    look.RED,
    look.SKY,
    look.PURPLE,
    look.INK,
    look.FAINT,
    look.GRID,
    ranges.LINE,
    habits.PALE,
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_says_what_it_shows_and_in_which_unit(name: str) -> None:
    drawn = DRAWN[name].to_dict()
    assert drawn["title"]["text"]
    measured = [
        one for one in _encodings(drawn) if one.get("type") == "quantitative" and ("axis" in one or "scale" in one)
    ]
    assert measured
    for one in measured:
        assert one["title"], one


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_uses_the_colours_that_everybody_tells_apart(name: str) -> None:
    assert set(re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(DRAWN[name].to_dict()))) <= SAFE


def _encodings(drawn: dict[str, Any]) -> list[dict[str, Any]]:
    layers = drawn.get("layer", [drawn])
    return [
        layer["encoding"][axis] for layer in layers for axis in ("x", "y", "color") if axis in layer.get("encoding", {})
    ]


def test_every_chart_is_looked_at() -> None:
    public = {
        name
        for module in (shop, market, habits, models)
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    assert public == DRAWN.keys()
    assert isinstance(DRAWN["funnel"], alt.LayerChart)


def test_steps_of_the_funnel_add_the_categories_up_and_are_shares_of_the_views() -> None:
    found = sales.steps(ACTS)
    assert list(zip(found["act"], found["events"], found["share"], strict=True)) == [
        ("views", 100, 1.0),
        ("cart adds", 12, 0.12),
        ("purchases", 5, 0.05),
    ]
    assert list(sales.steps(ACTS.head(0))["label"]) == ["0 (–)", "0 (–)", "0 (–)"]


def test_products_of_one_name_are_told_apart_by_their_numbers() -> None:
    frame = pd.DataFrame({"title": ["Lamp", "Lamp", None, "x" * 50], "number": ["p1", "p2", "p3", "p4"]})
    assert list(look.names(frame, "title", "number")) == ["Lamp · p1", "Lamp · p2", "p3", "x" * 33 + "…"]
