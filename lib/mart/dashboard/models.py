"""Models: the versions in the registry, how good each is, what the gate said, and who serves."""

import pandas as pd
import streamlit as st

from mart.charts import shop as charts
from mart.dashboard.elements import LOOKED, Figure, ago, command, draw, empty, figures, head, table, whole
from mart.dashboard.reading import Lake
from mart.settings import Settings

NDCG, POPULAR = "ndcg_at_10", "popularity_ndcg_at_10"
SECONDS = 15.0  # between two looks at the registry
DRAWN = 15


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Models", "Every version that was trained, beside popularity on the same cut in time.")
    _registry(lake)
    st.caption(LOOKED.format(SECONDS))


@st.fragment(run_every=SECONDS)
def _registry(lake: Lake) -> None:
    from mart.edges.registry import RegistryAway  # MLflow takes seconds to import: other pages do not wait for it

    try:
        found = _versions(lake.settings, lake.settings.mlflow.tracking_uri, str(lake.settings.home))
    except RegistryAway:
        place = lake.settings.mlflow.tracking_uri
        st.warning(f"The registry at {place} does not answer. Start it:")
        st.code(command(lake, "up"), language="sh")
        return
    if len(found):
        _show(found)
    else:
        empty("No model yet: train one.", command(lake, "run batch/views batch/train_als"))


@st.cache_data(ttl=SECONDS / 2, show_spinner="Asking the registry …")
def _versions(_settings: Settings, uri: str, home: str) -> pd.DataFrame:
    from mart.edges import registry

    rows = [
        {
            "version": one.version,
            "alias": ", ".join(one.aliases),
            "created_at": one.created_at,
            "made_from": int(one.tags.get(registry.MADE_FROM, 0)),
            "ndcg": one.metrics.get(NDCG),
            "popular": one.metrics.get(POPULAR),
            "gate": one.tags.get(registry.VERDICT, "never met"),
        }
        for one in registry.versions(_settings)
    ]
    return pd.DataFrame(rows)


def _show(found: pd.DataFrame) -> None:
    serving = found[found["alias"].str.contains("champion")]
    newest = found.iloc[0]
    figures(
        [
            Figure("Champion", f"version {serving.iloc[0]['version']}" if len(serving) else "none"),
            Figure("Versions", whole(len(found))),
            Figure("Newest", ago(newest["created_at"])),
        ]
    )
    measured = found.dropna(subset=["ndcg"]).head(DRAWN)
    if len(measured):
        draw(charts.models(measured))
    table(
        found,
        {
            "version": "Version",
            "alias": "Alias",
            "gate": "Gate",
            "ndcg": st.column_config.NumberColumn("nDCG@10", format="%.4f"),
            "popular": st.column_config.NumberColumn("Popularity's", format="%.4f"),
            "made_from": "From events version",
            "created_at": st.column_config.DatetimeColumn("Trained, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC"),
        },
    )
