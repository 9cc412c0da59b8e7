"""What pages are laid out with: heads, figures, empty states, names that are no markup, and the look for changes."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import altair as alt
import pandas as pd
import streamlit as st

from mart.dashboard.reading import Lake

MONEY = "accounting"  # two decimals, thousands apart
SECONDS = 3.0  # between two looks for changes
LOOKED = "Looked again every {:g} s."  # what every page ends with


class Figure(NamedTuple):
    """A number with its name, a note below it, and what it means for who asks."""

    label: str
    value: str
    note: str | None = None
    meaning: str | None = None


class Share(NamedTuple):
    """A column of shares, in percent with one decimal each: Streamlit's own format leaves zeros out, and they stand askew."""

    label: str


def head(title: str, says: str) -> None:
    """Begin a page."""
    st.title(title, anchor=False)
    st.caption(says)


def figures(shown: Sequence[Figure]) -> None:
    """Show numbers in a row, which wraps where the page is narrow."""
    with st.container(horizontal=True):
        for one in shown:
            st.metric(
                one.label,
                one.value,
                one.note,
                "off",
                delta_arrow="off",
                help=one.meaning,
                border=True,
                width=170,  # two fit a phone
                height="stretch",
            )


def section(title: str) -> None:
    """Begin a part of a page; the title is ours, never a product's."""
    st.markdown(f"**{title}**")


def draw(chart: alt.Chart | alt.LayerChart) -> None:
    """Show a chart as wide as its place."""
    st.altair_chart(chart, width="stretch", theme=None)


def table(frame: pd.DataFrame, columns: Mapping[str, Any], height: int | Literal["auto"] = "auto") -> None:
    """Show rows: `columns` says which, and how each is headed."""
    shares = {name: one.label for name, one in columns.items() if isinstance(one, Share)}
    shown = frame.assign(**{name: 100 * frame[name] for name in shares})
    config = {
        **columns,
        **{name: st.column_config.NumberColumn(word, format="%.1f%%") for name, word in shares.items()},
    }
    st.dataframe(
        shown, width="stretch", height=height, hide_index=True, column_order=list(columns), column_config=config
    )


def empty(what: str, *commands: str) -> None:
    """Say that there is nothing yet, and which commands change that."""
    st.info(what, icon=":material/hourglass_empty:")
    if commands:
        st.code("\n".join(commands), language="sh")


def command(lake: Lake, words: str) -> str:
    """Spell a command for this home."""
    return f"mart {words} --home {lake.settings.home}"


@st.fragment(run_every=SECONDS)
def follow(lake: Lake) -> None:
    """Look for changes of the tables that the page has read, and draw the page anew when there are any."""
    if lake.moved():
        st.rerun()
    newest = lake.newest()
    told = f"Newest change of these tables: {instant(newest)}, {ago(newest)}. " if newest else ""
    st.caption(f"{told}{LOOKED.format(SECONDS)}")


def whole(value: float) -> str:
    """Word a count."""
    return f"{value:,.0f}"


def share(part: float, of: float) -> str:
    """Word a part of something; a dash where there is nothing."""
    return f"{part / of:.1%}" if of else "–"


def instant(at: datetime) -> str:
    """Word an instant."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def ago(at: datetime) -> str:
    """Word how long ago an instant was."""
    seconds = max(0.0, (datetime.now(UTC) - at).total_seconds())
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {word} ago"
    return f"{seconds:.0f} s ago"


def choose(label: str, options: Sequence[Hashable], key: str, default: Hashable) -> Hashable:
    """Let one of a few be chosen; there is always one."""
    return st.segmented_control(label, options, default=default, key=key, required=True)
