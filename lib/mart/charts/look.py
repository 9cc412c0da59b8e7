"""The look that all charts share, in the dashboard and in notebooks, and how things are named on an axis.

Colours are Okabe and Ito's, which people tell apart whatever their eyes (jfly.uni-koeln.de/color); each means one thing throughout.
A chart's title says what it shows, its axes carry the units, and its width is that of where it stands.
"""

from typing import Any

import altair as alt
import pandas as pd

BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
INK, FAINT, GRID = "#31333F", "#8A8F98", "#E8EAED"
MANY = [
    BLUE,
    ORANGE,
    GREEN,
    PURPLE,
    SKY,
    RED,
    FAINT,
]  # where colours tell things apart that have no colour of their own
HEIGHT = 200  # of what is drawn [pixels]
AROUND = 105  # of title, axis and its labels: a chart's height holds them too
ZERO = "datum.value ? datum.label : '0'"  # for labels of an axis: its format makes 0k or +0% of nothing
LONGEST = 34  # characters of a product's name beside a chart


@alt.theme.register("mart", enable=True)
def look() -> alt.theme.ThemeConfig:
    """Give the look of every chart."""
    axis = {"labelColor": INK, "titleColor": FAINT, "titleFontWeight": "normal", "labelFontSize": 12, "labelLimit": 160}
    lines = {"gridColor": GRID, "domainColor": GRID, "tickColor": GRID, "titleFontSize": 12}
    config: Any = {
        "font": "Source Sans, sans-serif",
        "view": {"stroke": None},
        "axis": axis | lines,
        "legend": {"orient": "bottom", "title": None, "labelFontSize": 12, "labelColor": INK, "columns": 3},
        "title": {"anchor": "start", "fontSize": 15, "color": INK, "subtitleColor": FAINT, "offset": 12},
        "range": {"category": MANY},
        "bar": {"cornerRadiusEnd": 2},
    }
    return {"config": config}


def titled(chart: alt.Chart | alt.LayerChart, title: str, below: str = "", height: int = HEIGHT) -> alt.Chart:
    """Put a title, and a sentence in grey, above a chart."""
    shown = alt.TitleParams(title, subtitle=[below] if below else [])
    return chart.properties(title=shown, height=height + AROUND)  # type: ignore[return-value]


def tall(frame: pd.DataFrame, row: int = 24) -> int:
    """Give a height that has room for a name a row [pixels]."""
    return max(60, row * len(frame))


def names(frame: pd.DataFrame, title: str, number: str) -> pd.Series:
    """Name products for a chart's axis: shortened, and where two would be called alike, with their numbers."""
    short = frame[title].fillna(frame[number]).map(shortened)
    return short.where(~short.duplicated(keep=False), short + " · " + frame[number])


def shortened(text: str) -> str:
    """Cut a name that is too long for an axis."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
