"""Charts of numbers that are not sure, or not one: an interval or the middle half, with a dot where the mean or the median is."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, FAINT, INK, tall, titled

LINE = "#C9CDD3"


def ranges(frame: pd.DataFrame, title: str, below: str, names: str, values: str, form: str = ".3f") -> alt.LayerChart:
    """Draw a range for each name. Columns: name, low, middle, high. `names` and `values` are the axes' titles."""
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title=names), tooltip=_told(form))
    axis = alt.Axis(format=form, tickCount=5)
    x = alt.X("low:Q", title=values, axis=axis, scale=alt.Scale(zero=False, padding=12))
    lines = base.mark_bar(height=6, color=LINE).encode(x=x, x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1, color=BLUE).encode(x="middle:Q")
    return titled(lines + dots, title, below, tall(frame, 28))  # type: ignore[return-value]


def differences(frame: pd.DataFrame, title: str, below: str, names: str, values: str) -> alt.LayerChart:
    """Draw intervals of differences around a line at 0, those that do not touch it dark. Columns: name, low, middle, high."""
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title=names), tooltip=_told("+.4f"))
    x = alt.X("low:Q", title=values, axis=alt.Axis(format="+.2~f", tickCount=5), scale=alt.Scale(padding=12))
    sure = alt.condition("datum.low > 0 || datum.high < 0", alt.value(BLUE), alt.value(FAINT))
    lines = base.mark_bar(height=6, color=LINE).encode(x=x, x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1).encode(x="middle:Q", color=sure)
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
    return titled(zero + lines + dots, title, below, tall(frame, 28))  # type: ignore[return-value]


def segments(frame: pd.DataFrame, title: str, below: str, values: str) -> alt.Chart:
    """Draw how each of some does in each segment, side by side. Columns: segment, who, value."""
    who = list(frame["who"].drop_duplicates())
    bars = alt.Chart(frame).mark_bar()
    chart = bars.encode(
        x=alt.X("segment:N", sort=None, title="segment", axis=alt.Axis(labelAngle=0, grid=False)),
        xOffset=alt.XOffset("who:N", sort=who),
        y=alt.Y("value:Q", title=values, axis=alt.Axis(tickCount=4)),
        color=alt.Color("who:N", sort=who),
        tooltip=["segment:N", "who:N", alt.Tooltip("value:Q", title=values, format=".4f")],
    )
    return titled(chart, title, below)


def _told(form: str) -> list[alt.Tooltip]:
    names = (("middle", "middle"), ("low", "from"), ("high", "to"))
    return [alt.Tooltip("name:N"), *(alt.Tooltip(f"{name}:Q", title=title, format=form) for name, title in names)]
