"""A report as a person reads it.

In: a report. Out: on a console, the rows with their intervals, the segments of ours, and the verdict.
"""

from collections.abc import Callable
from typing import Any, cast

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from mart.evaluation.report import OURS, Report

WIDTH = 110  # columns, also where a pipe or a narrow window says 80


def show(report: Report, console: Console) -> None:
    """Print the rows with their intervals, the segments of ours, and the verdict."""
    document = report.document()
    console.width = max(console.width, WIDTH)
    table = Table("model", *COLUMNS, title=_title(report), box=SIMPLE, padding=(0, 1, 0, 0))
    for row in cast("list[dict[str, Any]]", document["rows"]):
        table.add_row(_named(row), *[shown(row) for shown in COLUMNS.values()])
    console.print(table)
    for ours in (row.scored for row in report.rows if row.model == OURS):
        console.print(_segments(ours.segments()))
    console.print(document["verdict"], highlight=False, soft_wrap=True)


def _title(report: Report) -> str:
    split = report.split
    asked = f"{len(split.shoppers):,} shoppers, {split.candidates.sum():,} products"
    return f"{report.protocol}: {split.told}; {asked}"


def _segments(found: dict[str, dict[str, float]]) -> Table:
    table = Table("segment of implicit_als", "how many", "nDCG@10", "95 %", "recall@10", "share of lists", box=SIMPLE)
    for name, values in found.items():
        count = f"{values.get('shoppers', values.get('products', 0)):,.0f}"
        rest = (_number("ndcg@10"), _interval, _number("recall@10"), _number("share_of_lists"))
        table.add_row(name, count, *[shown(values) for shown in rest])
    return table


def _named(row: dict[str, Any]) -> str:
    return f"{row['model']}, published" if row["published"] else str(row["model"])


def _number(name: str, digits: int = 3) -> Callable[[dict[str, Any]], str]:
    return lambda row: f"{row[name]:.{digits}f}" if name in row else ""


def _interval(row: dict[str, Any]) -> str:
    return f"{row['ndcg@10_low']:.3f} to {row['ndcg@10_high']:.3f}" if "ndcg@10_low" in row else ""


COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "nDCG@10": _number("ndcg@10", 4),
    "95 %": _interval,
    "MAP": _number("map@10"),
    "recall": _number("recall@10"),
    "precision": _number("precision@10"),
    "MRR": _number("mrr@10"),
    "coverage": _number("coverage@10"),
    "novelty": _number("novelty@10", 1),
    "s": _number("seconds", 1),
}
