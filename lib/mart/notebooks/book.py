"""A notebook's hold of a lake: ask it in SQL, draw the answer, and say what to do where there is nothing yet.

In: a home. Out: pandas frames, and what Jupyter shows below a cell. Nothing to show is a sentence, never a stack trace.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from IPython.display import Markdown, display
from pandas.io.formats.style import Styler

from mart.edges import delta, frames
from mart.schema import Table
from mart.settings import ROOT, Settings
from mart.tables import EVENTS

Drawn = alt.Chart | alt.LayerChart
WIDTH = 720  # of a chart [pixels]
# What JupyterLab (4.6) and VS Code draw without a network: Vega-Lite 5. Altair writes 6, and nothing of ours needs it.
VEGA, SCHEMA = "application/vnd.vegalite.v5+json", "https://vega.github.io/schema/vega-lite/v5.json"


@dataclass(frozen=True)
class Book:
    """The lake of a home, as a notebook sees it."""

    settings: Settings
    fills: str  # the command that makes what the notebook shows

    def ask(self, sql: str, *values: object) -> pd.DataFrame:
        """Answer a question in SQL, `?` standing for values; a table that is not there yet has no rows. Raises QueryError."""
        return frames.ask(self.settings, sql, values)

    def has(self, *tables: Table) -> bool:
        """Tell whether tables are there."""
        return all(delta.standing(self.settings, table) for table in tables)

    def draw(self, chart: Callable[..., Drawn], frame: pd.DataFrame, *more: object) -> None:
        """Draw rows, or say what would make some."""
        if len(frame):
            _show(chart(frame, *more))
        else:
            self.nothing()

    def table(self, frame: pd.DataFrame, formats: Mapping[str, str] | None = None) -> None:
        """Show rows, or say what would make some. What shops write is shown as text, whatever it contains."""
        display(_styled(frame, formats or {})) if len(frame) else self.nothing()  # type: ignore[no-untyped-call]

    def say(self, words: str) -> None:
        """Say something, in Markdown."""
        display(Markdown(words))  # type: ignore[no-untyped-call]

    def nothing(self) -> None:
        """Say that there is nothing to show, and what to do."""
        command = self.fills if self.has(EVENTS) else "mart demo --keep"
        self.say(f"Nothing to show yet: run `{command} --home {self.settings.home}`, then all cells again.")


def opened(home: str | Path, fills: str, settings: str | Path | None = None) -> Book:
    """Open the lake of a home, and say what is there. A relative home lies beside the code, as `.mart` does.

    From now on it is the home of all that the notebook's process starts: MART_HOME, which may be relative to another folder or
    say another one than the cell does, would be stronger than what the cell says.
    """
    os.environ["MART_HOME"] = str(ROOT / home)
    book = Book(Settings.read(settings, ROOT / home), fills)
    (found,) = book.ask("SELECT count(*) AS events, max(event_at) AS newest FROM processed.events").to_dict("records")
    if found["events"]:
        book.say(
            f"`{book.settings.lake}`: {found['events']:,} events, the newest {found['newest']:%Y-%m-%d %H:%M} UTC."
        )
    else:
        other = "name another home in the first cell (`MART_HOME`), or a lake on S3 (`MART_LAKE`)"
        book.say(
            f"**There are no events in `{book.settings.lake}`.** `mart demo --keep` fills a lake to look at; or {other}."
        )
    return book


def _styled(frame: pd.DataFrame, formats: Mapping[str, str]) -> Styler:
    """Lay rows out: numbers with their thousands apart, words on the left, nothing that a browser would take for its own."""
    spoken = {name: str(name).replace("_", " ") for name in frame.columns}
    rows = frame.rename(columns=spoken)
    named: Any = {spoken[name]: form for name, form in formats.items() if name in spoken}
    styled = rows.style.hide(axis="index").format(named, escape="html", na_rep="–", precision=2, thousands=",")
    left: Any = [("text-align", "left")]
    words: Any = {name: [{"selector": "", "props": left}] for name in rows.select_dtypes(exclude="number")}
    return styled.set_table_styles(words, overwrite=False)


def _show(chart: Drawn) -> None:
    """Show a chart as Vega-Lite alone: JupyterLab would prefer a page beside it, and such a page needs a network to draw itself."""
    whole: Any = chart.properties(width=WIDTH, autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    drawn = whole.to_dict() | {"$schema": SCHEMA}
    display({VEGA: drawn, "text/plain": f"chart: {drawn['title']['text']}"}, raw=True)  # type: ignore[no-untyped-call]
