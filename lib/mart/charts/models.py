"""Charts of how good recommenders are, for whom, and what they show: frames in, Altair charts out."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, FAINT, INK, tall, titled
from mart.charts.ranges import LINE, ranges, told

SURE = "mean and 95 % interval over shoppers"


def configurations(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw what was tried. Columns: name, low, middle, high."""
    return ranges(frame, "Configurations", f"{SURE}, on the inner split", "configuration", "nDCG@10")


def recommenders(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw rivals. Columns: name, low, middle, high."""
    return ranges(frame, "Recommenders", f"{SURE}, on what was held out", "recommender", "nDCG@10")


def differences(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw differences around a line at 0, those whose interval holds 0 in grey. Columns: name, low, middle, high."""
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title="who"), tooltip=told("+.4f"))
    title = "difference in nDCG@10"
    x = alt.X("low:Q", title=title, axis=alt.Axis(format="+.2~f", tickCount=5), scale=alt.Scale(padding=12))
    sure = alt.condition("datum.low > 0 || datum.high < 0", alt.value(BLUE), alt.value(FAINT))
    lines = base.mark_bar(height=6, color=LINE).encode(x=x, x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1).encode(x="middle:Q", color=sure)
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
    below = "right of the line: better than its rival; grey: it may be chance"
    return titled(zero + lines + dots, "Better or worse", below, tall(frame, 28))  # type: ignore[return-value]


def segments(frame: pd.DataFrame) -> alt.Chart:
    """Draw how each does for each segment. Columns: segment, who, value."""
    below = "new: at most 5 products known; light and heavy: below and from the median of the others"
    return _beside(frame, "For whom", below, "segment", "nDCG@10", ".2~f")


def places(frame: pd.DataFrame) -> alt.Chart:
    """Draw who gives how many places to popular products. Columns: segment (a fifth of the products), who, value (a share)."""
    below = "what lists show, and what shoppers had to do with, by how many shoppers know a product"
    return _beside(frame, "Popular products", below, "fifth of the products", "share of places", ".0%")


def _beside(frame: pd.DataFrame, title: str, below: str, names: str, values: str, form: str) -> alt.Chart:
    who = list(frame["who"].drop_duplicates())
    bars = alt.Chart(frame).mark_bar()
    chart = bars.encode(
        x=alt.X("segment:N", sort=None, title=names, axis=alt.Axis(labelAngle=0, grid=False)),
        xOffset=alt.XOffset("who:N", sort=who),
        y=alt.Y("value:Q", title=values, axis=alt.Axis(format=form, tickCount=4)),
        color=alt.Color("who:N", sort=who),
        tooltip=["segment:N", "who:N", alt.Tooltip("value:Q", title=values, format=".4f")],
    )
    return titled(chart, title, below)
