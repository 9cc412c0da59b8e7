"""A review of the registry: the version that wants to be champion beside the one that is, as the gate measured them.

In: two names of versions. Out: frames of the gate's checks, differences with intervals, segments, metrics and lineage.
With one version alone there is nothing to compare: the frames hold that one, and what is said says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from mart import release
from mart.edges import registry
from mart.edges.registry import RegistryAway, Version
from mart.gate import Verdict
from mart.notebooks.book import Book

PREFIXES = {"champion": "champion_", "challenger": "", "popularity": "popularity_"}  # of the run's metrics
METRICS = {"ndcg_at_10": "nDCG@10", "recall_at_10": "recall@10", "map_at_10": "MAP@10", "coverage_at_10": "coverage@10"}
FORMATS = {"nDCG@10": "{:.4f}", "recall@10": "{:.4f}", "MAP@10": "{:.4f}", "coverage@10": "{:.1%}"}
MINUTE = "%Y-%m-%d %H:%M UTC"
LINEAGE = {
    registry.MADE_FROM: "version of processed.events",
    "period": "events",
    "shoppers": "shoppers",
    "products": "products",
    "code_version": "code",
}


@dataclass(frozen=True)
class Review:
    """What is reviewed. Without a challenger the champion is reviewed alone; without both there is nothing."""

    champion: Version | None
    challenger: Version | None
    verdict: Verdict | None  # of the gate on the candidate, as it is on record

    @property
    def candidate(self) -> Version | None:
        """The version that the verdict is about."""
        return self.challenger or self.champion

    @property
    def versions(self) -> dict[str, Version]:
        """The versions there are, by what they are here."""
        pair = {"champion": self.champion, "challenger": self.challenger}
        return {role: version for role, version in pair.items() if version}

    @property
    def fresh(self) -> bool:
        """Whether the verdict is against the champion that is reviewed."""
        champion = self.champion.version if self.champion and self.challenger else None
        return self.verdict is not None and self.verdict.champion == champion


def load(book: Book, champion: str, challenger: str) -> Review:
    """Find both versions by alias or number, and say what is there and what is not."""
    try:
        first, second = (registry.find(book.settings, name) for name in (champion, challenger))
    except RegistryAway as error:
        book.say(f"**The registry is away.** {error}")
        return Review(None, None, None)
    if first and second and first.version == second.version:
        second = None
    candidate = second or first
    found = Review(first, second, release.recorded(book.settings, candidate) if candidate else None)
    book.say(_told(found, champion, challenger)) if candidate else book.nothing()
    return found


def _told(review: Review, champion: str, challenger: str) -> str:
    first, second, verdict = review.champion, review.challenger, review.verdict
    if second is None and first:
        alone = f"Version {first.version} is reviewed alone: there is no other version `{challenger}`."
        return f"{alone} {_word(verdict)}"
    assert second
    if first is None:
        return f"Version {second.version} is reviewed alone: there is no version `{champion}`. {_word(verdict)}"
    pair = f"Version {second.version} (`{challenger}`) beside version {first.version} (`{champion}`). {_word(verdict)}"
    if verdict and not review.fresh:
        met = f"version {verdict.champion}" if verdict.champion else "no champion"
        return f"{pair} **It was measured against {met}**: `mart models promote {second.version}` measures anew."
    return pair


def _word(verdict: Verdict | None) -> str:
    return f"The gate: **{verdict.word}**." if verdict else "It never met the gate."


def who(review: Review, rival: str) -> str:
    """Name a rival of the gate: it met the champion's configuration, trained anew, not the champion's own factors."""
    if rival == "challenger" and review.candidate:
        return f"version {review.candidate.version}"
    if rival == "champion" and review.verdict:
        return f"configuration of version {review.verdict.champion}"
    return rival


def lineage(review: Review) -> pd.DataFrame:
    """Give where each version comes from, and the hyper-parameters that differ: a column a version."""
    versions = list(review.versions.values())
    if not versions:
        return pd.DataFrame()
    told: list[tuple[str, list[str | None]]] = [("version", [one.version for one in versions])]
    told += [(said, [one.tags.get(tag) for one in versions]) for tag, said in LINEAGE.items()]
    told += [("newest event", [_newest(one) for one in versions])]
    told += [("trained", [f"{one.created_at:{MINUTE}}" for one in versions])]
    told += _differing(versions)
    return pd.DataFrame([[name, *values] for name, values in told], columns=["", *review.versions])


def _newest(version: Version) -> str | None:
    at = version.tags.get(registry.NOW)
    return f"{datetime.fromisoformat(at):{MINUTE}}" if at else None


def _differing(versions: list[Version]) -> Iterator[tuple[str, list[str | None]]]:
    counted = {"shoppers", "products", "pairs"}
    for name in sorted({name for one in versions for name in one.params} - counted):
        values = [one.params.get(name) for one in versions]
        if len(versions) == 1 or len({*values}) > 1:
            yield name, values


def checks(review: Review) -> pd.DataFrame:
    """Give the gate's checks: (check, verdict, found)."""
    made = review.verdict.checks if review.verdict else ()
    return pd.DataFrame([{"check": one.name, "verdict": _passed(one.passed), "found": one.said} for one in made])


def _passed(passed: bool) -> str:
    return "passed" if passed else "FAILED"


def differences(review: Review) -> pd.DataFrame:
    """Give how much better the candidate does, shopper by shopper, with intervals: (name, low, middle, high, shoppers).

    Named for the rival (popularity, champion) and for the segments, which are compared with the champion, else with popularity.
    """
    champion = review.verdict.champion if review.verdict else None
    names = {"popularity": "all, beside popularity", "champion": f"all, beside version {champion}"}
    rows = [
        {"name": names.get(one.name, one.name.removeprefix("segment ")), "middle": one.figures["difference"]}
        | {name: one.figures[name] for name in ("low", "high", "shoppers")}
        for one in (review.verdict.checks if review.verdict else ())
        if "difference" in one.figures
    ]
    return pd.DataFrame(rows)


def segments(review: Review) -> pd.DataFrame:
    """Give nDCG of each segment that was judged: (segment, who, value, shoppers)."""
    rows = [
        {"segment": one.name.removeprefix("segment "), "who": who(review, rival), "value": one.figures[rival]}
        | {"shoppers": one.figures["shoppers"]}
        for one in (review.verdict.checks if review.verdict else ())
        if one.name.startswith("segment ") and "difference" in one.figures
        for rival in PREFIXES
        if rival in one.figures
    ]
    return pd.DataFrame(rows)


def metrics(review: Review) -> pd.DataFrame:
    """Give what was measured on the same cut: a row a rival, a column a metric."""
    measured = review.candidate.metrics if review.candidate else {}
    rows = [
        {"who": who(review, rival)} | {said: measured.get(f"{prefix}{name}") for name, said in METRICS.items()}
        for rival, prefix in PREFIXES.items()
        if f"{prefix}ndcg_at_10" in measured
    ]
    return pd.DataFrame(rows)
