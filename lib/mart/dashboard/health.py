"""Health: how fresh each table is, how far it lies behind the events, and what became of the records."""

import pandas as pd
import streamlit as st

from mart.charts import shop as charts
from mart.dashboard.elements import (
    SECONDS,
    Figure,
    ago,
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
from mart.schema import Table
from mart.tables import EVENTS, LANDING_ACTIVITY, LANDING_OFFERS, OFFERS, SERVED

PATH = (LANDING_ACTIVITY, EVENTS, LANDING_OFFERS, OFFERS, *SERVED)  # from the door to what is served

REJECTS = """
SELECT kind, reason, count(*) AS records, min(left(trim(detail), 60)) AS example, max(arrived_at) AS last_at FROM (
 SELECT 'activity' AS kind, reason, detail, arrived_at FROM quarantine.activity
 UNION ALL SELECT 'offers', reason, detail, arrived_at FROM quarantine.offers)
GROUP BY ALL ORDER BY records DESC, kind, reason"""

DAYS = 30


def page(lake: Lake) -> None:
    """Draw the page."""
    head("Health", "Is everything fresh, and did every record become what it should?")
    if lake.has(LANDING_ACTIVITY) or lake.has(LANDING_OFFERS):
        _tables(lake)
        _records(lake)
    else:
        starts = command(lake, "up"), command(lake, "generate --to landing"), command(lake, "run streaming/live")
        empty(
            f"No lake yet at {lake.settings.lake}: bring records in, or see all of it work by `mart demo --keep`.",
            *starts,
        )
    follow(lake)


@st.fragment(run_every=SECONDS)
def _tables(lake: Lake) -> None:
    """Show where each table stands; its age is of now."""
    events = lake.state(EVENTS)
    rows = [row for row in (_row(lake, one, events.version if events else None) for one in PATH) if row]
    shown = pd.DataFrame(rows, columns=["table", "rows", "files", "changed_at", "age", "version", "behind"])
    known = [int(str(row[-1])) for row in rows if row[-1] != ""]
    figures(
        [
            Figure("Version of the events", whole(events.version) if events else "–"),
            Figure("Serving is behind by", f"{max(known):,} versions" if known else "–"),
            Figure("Newest events", ago(events.committed_at) if events else "–"),
        ]
    )
    table(
        shown,
        {
            "table": "Table",
            "age": "Changed",
            "behind": st.column_config.TextColumn("Behind [versions]", help="Versions of processed.events."),
            "rows": st.column_config.NumberColumn("Rows", format="localized"),
            "files": st.column_config.NumberColumn("Files", format="localized"),
            "version": "Version",
            "changed_at": st.column_config.DatetimeColumn("At, UTC", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"),
        },
    )


def _row(lake: Lake, declared: Table, events: int | None) -> tuple[object, ...] | None:
    state = lake.state(declared)
    if state is None:
        return None
    behind = "" if events is None or state.frontier is None else str(max(0, events - state.frontier))
    age = ago(state.committed_at)
    return declared.full_name, state.rows, state.files, state.committed_at, age, state.version, behind


def _records(lake: Lake) -> None:
    """Show the ledger: what became of the records, and why some were refused."""
    counted = pd.concat([lake.outcomes(one) for one in (LANDING_ACTIVITY, LANDING_OFFERS)])
    became = counted["outcome"].map({"event": "events", "duplicate": "duplicates"}).fillna("rejects")
    rank = became.map({"events": 0, "duplicates": 1, "rejects": 2})
    days = (
        counted.assign(became=became, rank=rank)
        .groupby(["arrived_day", "became", "rank"], as_index=False)["records"]
        .sum()
    )
    by = days.groupby("became")["records"].sum()
    total = int(by.sum())
    figures(
        [
            Figure("Records landed", whole(total)),
            *(
                Figure(one.capitalize(), whole(by.get(one, 0)), note=share(by.get(one, 0), total))
                for one in ("events", "duplicates", "rejects")
            ),
        ]
    )
    newest = sorted(days["arrived_day"].unique())[-DAYS:]
    draw(charts.outcomes(days[days["arrived_day"].isin(newest)]))
    rejects = lake.ask(REJECTS)
    if len(rejects):
        section("Rejects")
        last = st.column_config.DatetimeColumn("Last, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC")
        table(
            rejects, {"kind": "Of", "reason": "Reason", "records": "Records", "example": "For example", "last_at": last}
        )
