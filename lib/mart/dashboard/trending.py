"""Trending: products that shoppers turn to more than they did before."""

import pandas as pd
import streamlit as st

from mart.charts import shop as charts
from mart.charts.look import names
from mart.dashboard.elements import choose, command, draw, empty, follow, head, table
from mart.dashboard.reading import Lake

# A difference of two counts is as surprising as it is large beside the root of their sum: small numbers jump about.
RISING = """
WITH days AS (SELECT event_day, row_number() OVER (ORDER BY event_day DESC) AS back
              FROM (SELECT DISTINCT event_day FROM serving.popularity)),
     counted AS (SELECT product_id, coalesce(sum({act}) FILTER (back <= {days}), 0)::BIGINT AS now,
                        coalesce(sum({act}) FILTER (back > {days}), 0)::BIGINT AS before
                 FROM serving.popularity JOIN days USING (event_day) WHERE back <= 2 * {days} GROUP BY product_id)
SELECT product_id, title, category, now, before, (now - before) / sqrt(now + before) AS rise
FROM counted LEFT JOIN processed.products USING (product_id)
WHERE now > before ORDER BY rise DESC, product_id LIMIT 15"""

DAYS = (1, 7, 30)


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Trending", "Products that shoppers turn to more than in the same time before.")
    with st.container(horizontal=True):
        act = str(choose("What counts", list(charts.ACTS), "trending-act", "views"))
        days = int(str(choose("Days with events", DAYS, "trending-days", 7)))
    found = lake.ask(RISING.format(act=act.replace(" ", "_"), days=days))
    if len(found):
        _show(found, act, days)
    else:
        empty(f"Nothing rises: no product has more {act} than before.", command(lake, "run streaming/live"))
    follow(lake)


def _show(found: pd.DataFrame, act: str, days: int) -> None:
    draw(charts.trending(found.assign(name=names(found, "title", "product_id")), act, days))
    table(
        found,
        {
            "title": "Product",
            "category": "Category",
            "now": st.column_config.NumberColumn("Now [events]", format="localized"),
            "before": st.column_config.NumberColumn("Before [events]", format="localized"),
            "rise": st.column_config.NumberColumn(
                "Rise", format="%.1f", help="Difference by the root of the sum: 2 is rarely chance, 4 hardly ever."
            ),
        },
    )
