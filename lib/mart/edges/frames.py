"""Answers of the lake as pandas frames, for drawing: decimals become floats, since charts know none."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from mart.edges import duck
from mart.settings import Settings


def ask(settings: Settings, sql: str, values: Sequence[object] = ()) -> pd.DataFrame:
    """Answer a question, `?` standing for values. Raises QueryError."""
    names, rows = duck.ask(settings, sql, values)
    return pd.DataFrame([[_drawn(value) for value in row] for row in rows], columns=names)


def _drawn(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
