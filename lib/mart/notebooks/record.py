"""The record of a review, in Markdown, ready to be signed: who looked at which versions, what the gate said, what was decided.

In: a review. Out: a file in the home's folder reviews, and if asked for the same text with the version in MLflow. Records are only
ever added: each carries its instant in its name. Nothing is promoted.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from mart.edges import registry
from mart.edges.registry import Version
from mart.models.card import table
from mart.notebooks import review as seen
from mart.notebooks.book import Book
from mart.notebooks.review import Review
from mart.settings import Settings

TAG, FOLDER = "review.", "reviews"
NOBODY = "(nobody yet: set MART_REVIEWER, or REVIEWER in the first cell)"


def write(book: Book, review: Review, reviewer: str, attach: bool = False) -> Path | None:
    """Write the record into the home, and to the version in MLflow where `attach` says so; None where there is nothing to review."""
    candidate = review.candidate
    if candidate is None:
        book.nothing()
        return None
    now = datetime.now(UTC)
    text, name = markdown(book.settings, review, reviewer, now), f"{now:%Y%m%dT%H%M%SZ}-version-{candidate.version}.md"
    file = book.settings.home / FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    book.say(f"Written to `{file}`: read it, tick a decision, sign it.")
    if attach:
        _attach(book, review, candidate, reviewer, f"{FOLDER}/{name}", text, now)
    return file


def _attach(
    book: Book, review: Review, candidate: Version, reviewer: str, place: str, text: str, now: datetime
) -> None:
    registry.write_text(book.settings, candidate, place, text)
    against = [one.version for role, one in review.versions.items() if role == "champion" and one is not candidate]
    told = {"who": reviewer, "against": against, "gate": _word(review), "file": place}
    registry.tag(book.settings, candidate.version, f"{TAG}{now:%Y%m%dT%H%M%SZ}", json.dumps(told))
    book.say(f"With version {candidate.version} in MLflow: artifact `{place}`, tag `{TAG}{now:%Y%m%dT%H%M%SZ}`.")


def markdown(settings: Settings, review: Review, reviewer: str, now: datetime) -> str:
    """Word the record."""
    candidate, verdict = review.candidate, review.verdict
    assert candidate
    beside = review.champion if review.challenger else None
    about = [
        ("reviewed", f"{now:%Y-%m-%d %H:%M} UTC"),
        ("by", reviewer or NOBODY),
        ("model", settings.mlflow.model),
        ("version", candidate.version),
        ("beside the champion", f"version {beside.version}" if beside else "none: it was reviewed alone"),
        ("gate", _word(review)),
        ("measured against", f"version {verdict.champion}" if verdict and verdict.champion else "popularity alone"),
    ]
    parts = [
        f"# Review of version {candidate.version} of {settings.mlflow.model}",
        table(("", ""), about),
        *_stale(review),
        *_section("The gate", seen.checks(review), verdict.protocol if verdict else "It never met the gate."),
        *_section("Measured on the same cut", seen.metrics(review)),
        *_section("Lineage", seen.lineage(review)),
        _decision(candidate),
    ]
    return "\n\n".join(parts) + "\n"


def _word(review: Review) -> str:
    return review.verdict.word if review.verdict else "never met"


def _stale(review: Review) -> list[str]:
    if review.fresh or review.verdict is None or not (review.champion and review.challenger):
        return []
    return ["**The verdict is against another champion than the one reviewed; a promotion would measure anew.**"]


def _section(title: str, frame: pd.DataFrame, below: str = "") -> list[str]:
    if not len(frame):
        return [f"## {title}", below or "Not measured."]
    rows = [[_cell(cell) for cell in row] for row in frame.itertuples(index=False)]
    return [f"## {title}", *([below] if below else []), table([str(name) for name in frame.columns], rows)]


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)


def _decision(candidate: Version) -> str:
    ways = (
        f"promote: `mart models promote {candidate.version}`",
        "leave everything as it is",
        "go back: `mart models rollback --why …`",
    )
    boxes = "\n".join(f"- [ ] {way}" for way in ways)
    return f"## Decision\n\n{boxes}\n\nReason:\n\nSigned: ____________________  Date: ____________"
