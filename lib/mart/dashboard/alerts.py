"""Alerts: what changed on the market, each told once."""

import pandas as pd
import streamlit as st

from mart.charts import market as charts
from mart.dashboard.elements import MONEY, Share, command, draw, empty, follow, head, table
from mart.dashboard.reading import Lake

NEWEST = """
SELECT raised_at, replace(kind, '_', ' ') AS words, title, shop, before, after, currency, change FROM serving.alerts
WHERE kind IN (SELECT unnest(?)) ORDER BY raised_at DESC, abs(change) DESC NULLS LAST, alert_id LIMIT 500"""


NAME = 210  # pixels of a product's name: the shop stands on the same screen


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Alerts", "Price changes, stock, new offers and prices below ours, the newest first.")
    counted = lake.ask(charts.ALERTS)
    if len(counted):
        draw(charts.alerts(counted))
        _newest(lake, counted)
    else:
        empty(
            "No alerts yet: they follow the offers of a second crawl.",
            command(lake, "run streaming/ingest_offers streaming/offer_alerts --available-now"),
        )
    follow(lake)


def _newest(lake: Lake, counted: pd.DataFrame) -> None:
    words = dict(zip(counted["kind"], counted["words"], strict=True))
    kinds = st.pills("Kinds", sorted(words), selection_mode="multi", format_func=words.__getitem__, key="alert-kinds")
    found = lake.ask(NEWEST, tuple(kinds or words))
    table(
        found,
        {
            "raised_at": st.column_config.DatetimeColumn("Seen, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC"),
            "words": "What",
            "title": st.column_config.TextColumn("Product", width=NAME),
            "change": Share("Change"),
            "before": st.column_config.NumberColumn("Before", format=MONEY, help="Ours, where theirs is below it."),
            "after": st.column_config.NumberColumn("Now", format=MONEY),
            "currency": "In",
            "shop": "Shop",
        },
        480,
    )
