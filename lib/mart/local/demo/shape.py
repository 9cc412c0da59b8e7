"""How the demo lays out rows: numbers to the right, short headings, nothing that wraps a number."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich import box
from rich.table import Table
from rich.text import Text


def shaped(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Lay rows out; what is a number in the first row stands to the right."""
    rows = list(rows)
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        is_number = bool(rows) and isinstance(rows[0][number], int | float | Decimal)
        if is_number:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")  # names are there to be copied
    for row in rows:
        table.add_row(*[value if isinstance(value, Text) else Text(_shown(value)) for value in row])
    return table


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return f"{value:,.2f}"
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else str(value)
