"""What the pages know of the lake: answers to questions in SQL, asked anew only when a table has moved.

In: SQL as `mart query` takes it. Out: pandas frames, decimals as floats: they are for drawing. A `Lake` lives for one drawing of a
page and remembers which tables that drawing has read, and at which version.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from mart.edges import delta, duck, frames
from mart.schema import Table
from mart.settings import Settings
from mart.tables import CATALOGUE

Versions = tuple[int | None, ...]  # of tables, in the catalogue's order; None where one does not exist yet
ANSWERS = 300  # kept, of all pages and viewers together


@dataclass(frozen=True)
class State:
    """A table as its log tells it."""

    version: int
    frontier: int | None  # version of processed.events that it stands at
    committed_at: datetime
    rows: int
    files: int


@dataclass
class Lake:
    """The lake of a home, as one drawing of a page sees it."""

    settings: Settings
    read: dict[str, int | None] = field(default_factory=dict)  # full name of a table: the version that was read

    def ask(self, sql: str, *values: object) -> pd.DataFrame:
        """Answer a question, `?` standing for values. Raises QueryError."""
        versions = tuple(self._look(table) for table in duck.reads(sql))
        return _answer(self.settings, self.settings.lake, sql, values, versions)

    def has(self, table: Table) -> bool:
        """Tell whether a table is there."""
        return self._look(table) is not None

    def state(self, table: Table) -> State | None:
        """Tell where a table stands; None where it does not exist yet."""
        version = self._look(table)
        return None if version is None else _state(self.settings, self.settings.lake, table.path, version)

    def outcomes(self, table: Table) -> pd.DataFrame:
        """Count a landing table's records by day and outcome, from the log alone: both are partitions."""
        return _outcomes(self.settings, self.settings.lake, table.path, self._look(table))

    def moved(self) -> bool:
        """Tell whether a table that was read has another version by now."""
        return any(_version(self.settings, table) != self.read[table.full_name] for table in self._tables())

    def newest(self) -> datetime | None:
        """Tell when a table that was read changed last; None where there is none."""
        states = [self.state(table) for table in self._tables()]
        return max((state.committed_at for state in states if state), default=None)

    def _tables(self) -> list[Table]:
        return [table for table in CATALOGUE if table.full_name in self.read]

    def _look(self, table: Table) -> int | None:
        if table.full_name not in self.read:  # the same version throughout a page
            self.read[table.full_name] = _version(self.settings, table)
        return self.read[table.full_name]


def _version(settings: Settings, table: Table) -> int | None:
    at = delta.standing(settings, table)
    return at.version if at else None


@st.cache_data(max_entries=ANSWERS, show_spinner=False)
def _answer(_settings: Settings, lake: str, sql: str, values: tuple[object, ...], versions: Versions) -> pd.DataFrame:
    return frames.ask(_settings, sql, values)


@st.cache_data(max_entries=ANSWERS, show_spinner=False)
def _state(_settings: Settings, lake: str, path: str, version: int) -> State:
    opened = delta.open_table(_settings, path, version)
    assert opened is not None, f"{path} had version {version} a moment ago"
    files = opened.get_add_actions(flatten=True)
    rows = sum(count or 0 for count in files.column("num_records").to_pylist())
    (newest,) = opened.history(1)
    at = datetime.fromtimestamp(newest["timestamp"] / 1000, UTC)
    return State(version, opened.transaction_version("events"), at, rows, files.num_rows)


@st.cache_data(max_entries=ANSWERS, show_spinner=False)
def _outcomes(_settings: Settings, lake: str, path: str, version: int | None) -> pd.DataFrame:
    opened = None if version is None else delta.open_table(_settings, path, version)
    if opened is None:
        return pd.DataFrame({"arrived_day": [], "outcome": [], "records": []})
    files = opened.get_add_actions(flatten=True)
    names = {"partition.arrived_day": "arrived_day", "partition.outcome": "outcome", "num_records": "records"}
    counts = pd.DataFrame({name: files.column(column).to_pylist() for column, name in names.items()})
    counts["arrived_day"] = counts["arrived_day"].astype(str)
    return counts.groupby(["arrived_day", "outcome"], as_index=False).agg({"records": "sum"})
