"""Recommendations: what became of the lists that were shown, by the model and the variant that made them."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from mart.charts import shop as charts
from mart.dashboard.elements import (
    Figure,
    Share,
    command,
    draw,
    empty,
    figures,
    follow,
    head,
    section,
    share,
    table,
    whole,
)
from mart.dashboard.reading import Lake
from mart.experiments.findings import Report
from mart.experiments.report import report
from mart.settings import Settings
from mart.tables import EVENTS, RATES

VARIANTS = """
SELECT model_version, variant, sum(impressions)::BIGINT AS impressions, sum(clicks)::BIGINT AS clicks,
       sum(cart_adds)::BIGINT AS cart_adds, sum(purchases)::BIGINT AS purchases, sum(revenue) AS revenue,
       sum(clicks) / nullif(sum(impressions), 0) AS ctr, sum(purchases) / nullif(sum(impressions), 0) AS bought
FROM serving.recommendation_feedback GROUP BY ALL ORDER BY impressions DESC, model_version, variant"""

PLACES = """
SELECT position, concat_ws(', ', 'model ' || model_version, nullif(variant, '-')) AS made_by,
       sum(impressions)::BIGINT AS impressions, sum(clicks)::BIGINT AS clicks, sum(clicks) / sum(impressions) AS ctr
FROM serving.recommendation_feedback WHERE position BETWEEN 1 AND 20 GROUP BY ALL
HAVING sum(impressions) > 0 ORDER BY made_by, position"""

EFFECT = 0.05  # the relative difference worth knowing, as `mart experiments report` takes it


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Recommendations", "What shoppers did with the lists they were shown.")
    found = lake.ask(VARIANTS)
    if len(found):
        _feedback(lake, found)
    else:
        events = "No list was answered yet: serve lists, and send back what is seen and clicked."
        empty(events, command(lake, "serve"), command(lake, "run streaming/live"))
    for name in lake.settings.experiments:
        _experiment(lake, name)
    follow(lake)


def _feedback(lake: Lake, found: pd.DataFrame) -> None:
    seen, clicked, bought = (found[one].sum() for one in ("impressions", "clicks", "purchases"))
    figures(
        [
            Figure("Impressions", whole(seen)),
            Figure("Clicks per impression", share(clicked, seen)),
            Figure("Bought per impression", share(bought, seen)),
            Figure("Revenue of clicks", whole(found["revenue"].sum()), meaning="Currencies are added as they are."),
        ]
    )
    places = lake.ask(PLACES)
    if len(places):
        draw(charts.by_position(places))
    counts = {
        one: st.column_config.NumberColumn(one.replace("_", " ").capitalize(), format="localized")
        for one in ("impressions", "clicks", "cart_adds", "purchases")
    }
    rates = {"ctr": "Clicks per impression", "bought": "Purchases per impression"}
    shares = {one: Share(word) for one, word in rates.items()}
    money = {"revenue": st.column_config.NumberColumn("Revenue", format="localized")}
    table(found, {"model_version": "Model", "variant": "Variant", **counts, **shares, **money})
    st.caption(
        "Rates of impressions carry no interval: shoppers differ, and each sees many. An experiment's report counts them."
    )


def _experiment(lake: Lake, name: str) -> None:
    """Show what an experiment of the settings says, with intervals by shopper."""
    if not lake.has(EVENTS):
        return
    lake.has(RATES)  # its version counts too
    said = _report(lake.settings, name, lake.settings.lake, str(lake.read))
    section(f"Experiment {name}")
    st.text(said.verdict)
    rows = [
        (one.measure, one.variant, one.against, one.value, one.low, one.high, "yes" if one.shown else "no")
        for one in said.differences
    ]
    columns = ["Measure", "Variant", "Against", "Difference", "From", "To", "Shown"]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, width="stretch")


@st.cache_data(max_entries=20, show_spinner="Reading the experiment's events …")
def _report(_settings: Settings, name: str, lake: str, versions: str) -> Report:
    return report(_settings, name, EFFECT, datetime.now(UTC))
