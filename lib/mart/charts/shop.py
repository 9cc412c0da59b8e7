"""Charts of what shoppers do, and of the models that serve them: frames in, Altair charts out, nothing else happens."""

import altair as alt
import pandas as pd

from mart.charts.look import BLUE, FAINT, INK, ORANGE, RED, SKY, ZERO, tall, titled

TENS = [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
WIDEST = 60  # a bar [pixels]: a single day is no wall
ACTS = {"views": SKY, "cart adds": ORANGE, "purchases": BLUE}


def by_day(frame: pd.DataFrame, currency: str) -> alt.Chart:
    """Draw revenue less refunds, a bar for each day with sales. Columns: day (text), revenue, refunds, net, order_lines."""
    bars = alt.Chart(frame).mark_bar(color=BLUE)
    chart = bars.encode(
        x=alt.X("day:O", sort=None, axis=_periods("day with sales, UTC")),
        y=alt.Y("net:Q", title=currency, axis=alt.Axis(format="~s", labelExpr=ZERO, tickCount=4)),
        tooltip=[
            "day:O",
            alt.Tooltip("revenue:Q", title=f"revenue [{currency}]", format=",.2f"),
            alt.Tooltip("refunds:Q", title=f"refunds [{currency}]", format=",.2f"),
            alt.Tooltip("order_lines:Q", title="order lines", format=","),
        ],
    )
    return titled(chart, "Revenue less refunds", "by day, the newest on the right")


def by_hour(frame: pd.DataFrame, act: str) -> alt.Chart:
    """Draw how often shoppers did one thing, a bar for each hour with events. Columns: hour (text), one for each of ACTS."""
    bars = alt.Chart(frame).mark_bar(color=ACTS[act])
    chart = bars.encode(
        x=alt.X("hour:O", sort=None, axis=_periods("hour with events, UTC")),
        y=alt.Y(f"{act}:Q", title="events", axis=alt.Axis(tickCount=3, format="~s", labelExpr=ZERO)),
        tooltip=["hour:O", alt.Tooltip(f"{act}:Q", format=",")],
    )
    return titled(chart, f"{act.capitalize()} by hour", height=70)


def funnel(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw how far shoppers got. Columns: act, events, share (of the views)."""
    base = alt.Chart(frame).encode(y=alt.Y("act:N", sort=list(ACTS), title="step"))
    bars = base.mark_bar(height=26).encode(
        x=alt.X("events:Q", title="events", axis=alt.Axis(format="~s", labelExpr=ZERO, tickCount=4)),
        color=alt.Color("act:N", scale=_acts(), legend=None),
        tooltip=["act:N", alt.Tooltip("events:Q", format=","), alt.Tooltip("share:Q", title="of views", format=".1%")],
    )
    words = base.mark_text(align="left", dx=5, color=INK).encode(x="events:Q", text="label:N")
    return titled(bars + words, "Funnel", "all categories together", 110)  # type: ignore[return-value]


def conversion(frame: pd.DataFrame) -> alt.Chart:
    """Draw purchases by views of each category. Columns: category, share, views, purchases."""
    bars = alt.Chart(frame).mark_bar(color=BLUE, height=14)
    chart = bars.encode(
        y=alt.Y("category:N", sort="-x", title="category"),
        x=alt.X("share:Q", title="purchases per view", axis=alt.Axis(format=".1~%", tickCount=4)),
        tooltip=[
            "category:N",
            alt.Tooltip("share:Q", title="purchases per view", format=".2%"),
            alt.Tooltip("views:Q", format=","),
            alt.Tooltip("purchases:Q", format=","),
        ],
    )
    return titled(chart, "Conversion by category", "the categories seen most", tall(frame))


def trending(frame: pd.DataFrame, act: str, days: int) -> alt.LayerChart:
    """Draw where products were before and where they are now. Columns: name, now, before."""
    shown = [alt.Tooltip("name:N", title="product"), alt.Tooltip("now:Q"), alt.Tooltip("before:Q")]
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title="product"), tooltip=shown)
    x = alt.X(
        "before:Q", title=f"{act} [events], logarithmic", scale=alt.Scale(type="symlog"), axis=alt.Axis(values=TENS)
    )
    ways = base.mark_rule(color="#C9CDD3", strokeWidth=4).encode(x=x, x2="now:Q")
    before = base.mark_point(color=FAINT, size=60, filled=False).encode(x="before:Q")
    now = base.mark_circle(color=BLUE, size=110, opacity=1).encode(x="now:Q")
    below = f"dot: the newest {_days(days)}; ring: the {_days(days)} before"
    return titled(ways + before + now, "Rising", below, tall(frame))  # type: ignore[return-value]


def by_position(frame: pd.DataFrame) -> alt.Chart:
    """Draw how often a place of a list is clicked. Columns: position, made_by, impressions, clicks, ctr."""
    line = alt.Chart(frame).mark_line(point=True, strokeWidth=2)
    chart = line.encode(
        x=alt.X("position:O", title="place in the list", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("ctr:Q", title="clicks per impression", axis=alt.Axis(format=".0%", tickCount=4)),
        color=alt.Color("made_by:N"),
        tooltip=[
            alt.Tooltip("made_by:N", title="model, variant"),
            "position:O",
            alt.Tooltip("ctr:Q", title="clicks per impression", format=".1%"),
            alt.Tooltip("clicks:Q", format=","),
            alt.Tooltip("impressions:Q", format=","),
        ],
    )
    return titled(chart, "Clicks by place", "by the model and the variant that made the list")


def outcomes(frame: pd.DataFrame) -> alt.Chart:
    """Draw what became of the records of each day of arrival. Columns: arrived_day, became, records."""
    order = ["events", "duplicates", "rejects"]
    chart = alt.Chart(frame).mark_bar(width=alt.expr(f"min({WIDEST}, 0.9 * bandwidth('x'))"))
    bars = chart.encode(
        x=alt.X("arrived_day:O", title="day of arrival, UTC", axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
        y=alt.Y("records:Q", title="records", axis=alt.Axis(format="~s", labelExpr=ZERO, tickCount=4)),
        color=alt.Color("became:N", sort=order, scale=alt.Scale(domain=order, range=[BLUE, FAINT, RED])),
        order=alt.Order("rank:Q"),
        tooltip=["arrived_day:O", "became:N", alt.Tooltip("records:Q", format=",")],
    )
    return titled(bars, "What became of the records", "landed = events + duplicates + rejects")


def models(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw each version's quality beside popularity's on the same cut. Columns: version, ndcg, popular, alias."""
    base = alt.Chart(frame).encode(y=alt.Y("version:N", sort=None, title="version"))
    value = alt.X("ndcg:Q", title="nDCG@10 on what was held out", axis=alt.Axis(tickCount=5))
    told = [
        alt.Tooltip("ndcg:Q", title="nDCG@10", format=".4f"),
        alt.Tooltip("popular:Q", title="popularity", format=".4f"),
    ]
    champion = alt.condition(alt.datum.alias == "champion", alt.value(BLUE), alt.value(SKY))
    bars = base.mark_bar(height=16).encode(x=value, color=champion, tooltip=["version:N", "alias:N", *told])
    ticks = base.mark_tick(color=INK, thickness=2, height=20).encode(x="popular:Q", tooltip=told)
    below = "dark: champion; tick: popularity on the same cut"
    return titled(bars + ticks, "Quality of the versions", below, tall(frame))  # type: ignore[return-value]


def _periods(title: str) -> alt.Axis:
    return alt.Axis(title=title, labelAngle=0, labelOverlap="greedy", labelSeparation=12, grid=False)


def _acts() -> alt.Scale:
    return alt.Scale(domain=list(ACTS), range=list(ACTS.values()))


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"
