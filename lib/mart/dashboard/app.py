"""The script that Streamlit runs for each viewer: `streamlit run app.py -- HOME [SETTINGS]`, as `mart dashboard` does.

In: the folder of a home, and a settings file where there is one. Out: the page that was chosen.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from mart.dashboard import alerts, health, market, models, product, recommendations, sales, trending
from mart.dashboard.reading import Lake
from mart.edges import delta
from mart.edges.duck import QueryError
from mart.settings import Settings, SettingsError


class Entry(NamedTuple):
    """A page as the menu has it."""

    title: str
    icon: str
    draw: Callable[[Lake], None]


MENU = {
    "Shop": (
        Entry("Sales", "payments", sales.page),
        Entry("Trending", "trending_up", trending.page),
        Entry("Recommendations", "recommend", recommendations.page),
    ),
    "Market": (
        Entry("Market", "storefront", market.page),
        Entry("Product", "sell", product.page),
        Entry("Alerts", "notifications", alerts.page),
    ),
    "Platform": (
        Entry("Health", "monitor_heart", health.page),
        Entry("Models", "model_training", models.page),
    ),
}


ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0072B2"/>
<path d="M3 12V8h2v4zm4 0V4h2v8zm4 0V6h2v6z" fill="#fff"/></svg>"""
STYLE = """<style>[data-testid=stMainBlockContainer] {padding-top: 3rem; padding-bottom: 2rem}</style>"""


def main(home: Path, file: str | None) -> None:
    """Draw the chosen page."""
    st.set_page_config("Product-Mart", ICON, layout="wide")
    st.html(STYLE)
    try:
        lake = Lake(Settings.read(file, home))
    except SettingsError as error:
        st.error(str(error))
        return
    menu = {group: [_page(entry, lake) for entry in entries] for group, entries in MENU.items()}
    chosen = st.navigation(menu)
    try:
        chosen.run()
    except (QueryError, delta.Unreadable, OSError) as error:  # the lake is away, or is being made anew this moment
        st.error(f"The lake at {lake.settings.lake} can't be read: {' '.join(str(error).split())[:300]}")


def _page(entry: Entry, lake: Lake) -> st.Page:
    """Make a page; the first of the menu is at the address itself."""
    first = entry == MENU["Shop"][0]
    path, icon = "" if first else entry.title.lower(), f":material/{entry.icon}:"
    return st.Page(lambda: entry.draw(lake), title=entry.title, icon=icon, url_path=path, default=first)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if sys.argv[2:] else None)
