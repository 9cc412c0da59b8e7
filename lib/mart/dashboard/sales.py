"""Live sales and funnel: what came in by day, what shoppers do by hour, and how far they get."""

import pandas as pd
import streamlit as st

from mart.charts import shop as charts
from mart.dashboard.elements import Figure, choose, command, draw, empty, figures, follow, head, share, whole
from mart.dashboard.reading import Lake

CURRENCIES = "SELECT currency FROM serving.sales GROUP BY currency ORDER BY sum(order_lines) DESC, currency"

BY_DAY = """
SELECT strftime(event_day, '%Y-%m-%d') AS day, sum(revenue) AS revenue, sum(refunds) AS refunds,
       sum(revenue) - sum(refunds) AS net, sum(order_lines)::BIGINT AS order_lines, sum(quantity)::BIGINT AS quantity
FROM serving.sales WHERE currency = ? GROUP BY event_day ORDER BY event_day DESC LIMIT ?"""

BY_HOUR = """
SELECT strftime(hour, '%m-%d %H:00') AS hour, sum(views)::BIGINT AS views, sum(cart_adds)::BIGINT AS "cart adds",
       sum(purchases)::BIGINT AS purchases
FROM serving.popularity
WHERE event_day IN (SELECT DISTINCT event_day FROM serving.popularity ORDER BY event_day DESC LIMIT 3)
GROUP BY popularity.hour ORDER BY popularity.hour DESC LIMIT 48"""

FUNNEL = """
SELECT category, sum(views)::BIGINT AS views, sum(cart_adds)::BIGINT AS cart_adds, sum(purchases)::BIGINT AS purchases
FROM serving.funnel
WHERE event_day IN (SELECT DISTINCT event_day FROM serving.funnel ORDER BY event_day DESC LIMIT ?)
GROUP BY category ORDER BY sum(views) DESC, category"""

DAYS = (7, 30, 90)
CATEGORIES = 12


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Sales", "What is sold, and how far shoppers get; the newest events are seconds old.")
    currencies = list(lake.ask(CURRENCIES)["currency"])
    if currencies:
        _sold(lake, currencies)
    else:
        again = command(lake, "run streaming/live")
        empty("No sales yet: bring events in, and let the live job run.", command(lake, "generate --to landing"), again)
    follow(lake)


def _sold(lake: Lake, currencies: list[str]) -> None:
    with st.container(horizontal=True):
        days = int(str(choose("Days with sales", DAYS, "sales-days", 30)))
        currency = str(choose("Currency", currencies, "currency", currencies[0])) if currencies[1:] else currencies[0]
    sold, funnel = lake.ask(BY_DAY, currency, days), lake.ask(FUNNEL, days)
    _figures(sold, currency)
    draw(charts.by_day(sold[::-1], currency))
    left, right = st.columns(2)
    with left:
        draw(charts.funnel(steps(funnel)))
    with right:
        draw(charts.conversion(_conversions(funnel)))
    hours = lake.ask(BY_HOUR)[::-1]
    for act in charts.ACTS if len(hours) else ():
        draw(charts.by_hour(hours, act))


def _figures(sold: pd.DataFrame, currency: str) -> None:
    """Show the newest day beside the day before it, and the whole period."""
    newest, before = sold.iloc[0], sold.iloc[min(1, len(sold) - 1)]
    than = f"Below: {before['day']}, the day with sales before. The newest day may not be over."

    def day(label: str, name: str) -> Figure:
        if len(sold) == 1:
            return Figure(label, whole(newest[name]))
        return Figure(label, whole(newest[name]), f"before: {whole(before[name])}", than)

    figures(
        [
            day(f"{newest['day']}, {currency}", "net"),
            day("Order lines that day", "order_lines"),
            day("Pieces that day", "quantity"),
            Figure(f"{len(sold)} days, {currency}", whole(sold["net"].sum())),
        ]
    )


def steps(funnel: pd.DataFrame) -> pd.DataFrame:
    """Add up the categories: a row for each step, with its share of the views."""
    counts = {act: int(funnel[act.replace(" ", "_")].sum()) for act in charts.ACTS}
    rows = [(act, count, count / max(1, counts["views"])) for act, count in counts.items()]
    shown = pd.DataFrame(rows, columns=["act", "events", "share"])
    shown["label"] = [f"{count:,} ({share(count, counts['views'])})" for count in shown["events"]]
    return shown


def _conversions(funnel: pd.DataFrame) -> pd.DataFrame:
    seen = funnel[funnel["views"] > 0].head(CATEGORIES)
    return seen.assign(share=seen["purchases"] / seen["views"])
