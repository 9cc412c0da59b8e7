"""A model's card, in Markdown: what it is, what it learned from, how good it is and for whom, and what it can't do.

Source: Mitchell et al., Model Cards for Model Reporting, 2019 (doi:10.1145/3287560.3287596).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mart.models.contest import Contest, Scored
from mart.settings import Als

PROMOTIONS = "## Promotions"
LIMITS = (
    "It knows shoppers with an account only, and products that somebody has looked at; others get what is popular, until they act.",
    "It learns from acts, not from what was shown: products that were never shown look as if nobody wanted them.",
    "The measure is offline: it rewards finding what shoppers found by themselves, not what a list could have sold.",
    "It does not know the season, the price or the stock; filters work after it.",
    "Ages are counted from its newest event: with a half-life it grows stale with the days that go by without training.",
)


@dataclass(frozen=True)
class Lineage:
    """Where a model comes from."""

    made_from: int  # version of processed.events
    code_version: str
    period: str  # of the events
    now: datetime  # the newest of them
    shoppers: int
    products: int
    pairs: int


def markdown(lineage: Lineage, als: Als, contest: Contest | None, checks: Sequence[tuple[str, bool, str]]) -> str:
    """Write the card. `checks` are the gate's: name, passed, what was found."""
    parts = [
        f"# Recommender from version {lineage.made_from} of processed.events",
        "Products for shoppers of the shop: implicit-feedback matrix factorisation (ALS, Hu, Koren and Volinsky 2008) by Spark MLlib.",
        _section("Data", table(("", ""), _data(lineage))),
        _section("Hyper-parameters", table(("", "value"), list(flat(als).items()))),
        _section("How good it is", _quality(contest)),
        _section("For whom", _segments(contest)),
        _section(
            "The gate",
            table(("check", "", "found"), [(n, "passed" if ok else "FAILED", said) for n, ok, said in checks]),
        ),
        _section("Limits", "\n".join(f"- {limit}" for limit in LIMITS)),
    ]
    return "\n\n".join(parts) + "\n"


def with_promotions(card: str, lines: Iterable[str]) -> str:
    """Say in a card when and why the model became champion; what stood there before is replaced."""
    kept = card.split(f"\n{PROMOTIONS}")[0].rstrip()
    return f"{kept}\n\n{PROMOTIONS}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def flat(als: Als) -> dict[str, object]:
    """Name hyper-parameters one by one; those of taste as taste.NAME."""
    found = als.model_dump()
    return {name: value for name, value in found.items() if name != "taste"} | {
        f"taste.{name}": value for name, value in found["taste"].items()
    }


def _data(lineage: Lineage) -> list[tuple[str, str]]:
    return [
        ("processed.events", f"version {lineage.made_from}"),
        ("events", lineage.period),
        ("newest event", f"{lineage.now:%Y-%m-%d %H:%M:%S} UTC"),
        ("shoppers", f"{lineage.shoppers:,}"),
        ("products", f"{lineage.products:,}"),
        ("pairs of both", f"{lineage.pairs:,}"),
        ("code", lineage.code_version),
    ]


def _quality(contest: Contest | None) -> str:
    if contest is None:
        return "Not measured: nothing could be held out, since no shopper has two products."
    rows = [(who, *_row(contest, one)) for who, one in contest.rivals().items()]
    names = ("", f"nDCG@{contest.k}", "recall", "MAP", "coverage", "places of head products")
    return f"{contest.protocol}\n\n{table(names, rows)}"


def _row(contest: Contest, one: Scored) -> tuple[str, ...]:
    means = (f"{float(values.mean()):.4f}" for values in (one.ndcg, one.recall, one.map))
    return (*means, f"{len(one.shown) / contest.products:.1%}", f"{one.head_share:.1%}")


def _segments(contest: Contest | None) -> str:
    if contest is None:
        return "Not measured."
    rows = []
    for name, members, score in contest.groups():
        count = int(members.sum())
        means = [float(np.mean(getattr(one, score)[members])) if count else None for one in contest.rivals().values()]
        rows.append((name, f"{count:,}", *("" if mean is None else f"{mean:.4f}" for mean in means)))
    return table(("segment", "shoppers", *(f"{who}, nDCG@{contest.k}" for who in contest.rivals())), rows)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay rows out in Markdown."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)


def figures_of(metrics: Mapping[str, float]) -> str:
    """Say the nDCG of all rivals in one line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in sorted(metrics.items()) if "ndcg" in name)
