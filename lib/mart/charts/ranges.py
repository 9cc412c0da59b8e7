"""Charts of numbers that are not sure, or not one: an interval or the middle half, with a dot where the mean or the median is."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, tall, titled

LINE = "#C9CDD3"


def ranges(frame: pd.DataFrame, title: str, below: str, names: str, values: str, form: str = ".3f") -> alt.LayerChart:
    """Draw a range for each name. Columns: name, low, middle, high. `names` and `values` are the axes' titles."""
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title=names), tooltip=told(form))
    axis = alt.Axis(format=form, tickCount=5)
    x = alt.X("low:Q", title=values, axis=axis, scale=alt.Scale(zero=False, padding=12))
    lines = base.mark_bar(height=6, color=LINE).encode(x=x, x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1, color=BLUE).encode(x="middle:Q")
    return titled(lines + dots, title, below, tall(frame, 28))  # type: ignore[return-value]


def told(form: str) -> list[alt.Tooltip]:
    """Say a range where the mouse is."""
    names = (("middle", "middle"), ("low", "from"), ("high", "to"))
    return [alt.Tooltip("name:N"), *(alt.Tooltip(f"{name}:Q", title=title, format=form) for name, title in names)]
