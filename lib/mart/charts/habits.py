"""Charts of shoppers' habits: when they come, how much some do, and how often they return: frames in, Altair charts out."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, ZERO, titled
from mart.charts.shop import ACTS

PALE = "#EAF3F9"  # where little happens
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def activity_by_day(frame: pd.DataFrame) -> alt.Chart:
    """Draw events of each day, kind by kind. Columns: day (text), act, events."""
    order = list(ACTS)
    chart = alt.Chart(frame.assign(place=[order.index(act) for act in frame["act"]])).mark_bar()
    bars = chart.encode(
        x=alt.X("day:O", title="day, UTC", axis=alt.Axis(labelAngle=0, labelOverlap="greedy", grid=False)),
        y=alt.Y("events:Q", title="events", axis=alt.Axis(format="~s", labelExpr=ZERO, tickCount=4)),
        color=alt.Color("act:N", sort=order, scale=alt.Scale(domain=order, range=list(ACTS.values()))),
        order=alt.Order("place:Q"),
        tooltip=["day:O", "act:N", alt.Tooltip("events:Q", format=",")],
    )
    return titled(bars, "Activity by day", "views, cart adds and purchases, one upon the other")


def busy_hours(frame: pd.DataFrame) -> alt.Chart:
    """Draw how busy each hour of the week is. Columns: weekday (0 is Monday), hour, events (a mean)."""
    chart = alt.Chart(frame.assign(weekday=[WEEK[int(day)] for day in frame["weekday"]])).mark_rect()
    cells = chart.encode(
        x=alt.X("hour:O", title="hour of the day, UTC", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("weekday:O", sort=WEEK, title="day of the week"),
        color=alt.Color(
            "events:Q",
            title="events an hour",
            scale=alt.Scale(range=[PALE, BLUE]),
            legend=alt.Legend(title="events an hour", orient="right", titleFontWeight="normal"),
        ),
        tooltip=["weekday:O", "hour:O", alt.Tooltip("events:Q", title="events an hour", format=",.1f")],
    )
    return titled(cells, "When shoppers come", "mean events of an hour; the darker, the busier")


def tenths(frame: pd.DataFrame) -> alt.Chart:
    """Draw what share of all events each tenth of the shoppers makes, the busiest first. Columns: tenth, share, shoppers, least."""
    chart = alt.Chart(frame).mark_bar(color=BLUE)
    bars = chart.encode(
        x=alt.X("tenth:O", title="tenth of the shoppers, the busiest first", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title="share of all events", axis=alt.Axis(format=".0%", tickCount=4)),
        tooltip=[
            "tenth:O",
            alt.Tooltip("share:Q", title="of all events", format=".1%"),
            alt.Tooltip("shoppers:Q", format=","),
            alt.Tooltip("least:Q", title="events of each, at least", format=","),
        ],
    )
    return titled(bars, "Heavy and light shoppers", "if all did alike, each tenth would make 10 %")


def returns(frame: pd.DataFrame) -> alt.Chart:
    """Draw on how many days shoppers were here. Columns: days, shoppers."""
    chart = alt.Chart(frame).mark_bar(color=BLUE)
    bars = chart.encode(
        x=alt.X("days:O", title="days with events of a shopper", axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
        y=alt.Y("shoppers:Q", title="shoppers", axis=alt.Axis(format="~s", labelExpr=ZERO, tickCount=4)),
        tooltip=["days:O", alt.Tooltip("shoppers:Q", format=",")],
    )
    return titled(bars, "How often shoppers return", "1: came on one day and never again, so far")
