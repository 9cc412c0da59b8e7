"""What came of an experiment: each variant's numbers, their differences, and one line that says whether there is one.

In: the experiment as the settings have it, and the lake. Out: a Report.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mart.edges import duck
from mart.experiments import estimate, shoppers
from mart.experiments.assignment import began, ended
from mart.experiments.estimate import Sample
from mart.experiments.findings import Difference, Report, Variant
from mart.experiments.shoppers import COUNTS, MEASURES, MOMENTS, TEAMS
from mart.experiments.verdict import verdict
from mart.settings import Settings

Row = Mapping[str, Any]
Samples = Mapping[str, Sample]  # by measure

HALF = 0.5


def report(
    settings: Settings,
    name: str,
    effect: float,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Report:
    """Report an experiment of the settings, from its start or `since` up to its end, `until` or now.

    `effect` is the relative difference worth knowing, by which the shoppers that are missing are counted. Raises KeyError for
    an experiment that the settings don't know.
    """
    experiment = settings.experiments[name]
    begin = max(began(experiment), since or began(experiment))
    end = max(begin, min(ended(experiment), until or ended(experiment), now))
    make = _interleaved if experiment.interleave else _compared
    return make(settings, name, begin, end, effect)


def _compared(settings: Settings, name: str, begin: datetime, end: datetime, effect: float) -> Report:
    """Compare shoppers who saw one variant with others who saw the other."""
    shares = settings.experiments[name].variants
    asked = shoppers.by_variant(name, begin, end, settings.offers.reference_currency)
    found = {row["variant"]: row for row in _rows(settings, asked)}
    rows = {variant: found.get(variant, {}) for variant in shares}
    observed = {variant: _count(row, "shoppers") for variant, row in rows.items()}
    chance = estimate.mismatch(observed, shares)
    differences = list(_differences({one: _samples(row, MEASURES) for one, row in rows.items()}, effect))
    return Report(
        experiment=name,
        since=begin,
        until=end,
        interleaved=False,
        variants=[_variant(one, shares[one], row) for one, row in rows.items()],
        differences=differences,
        crossed=sum(_count(row, "crossed") for row in rows.values()),
        unpriced=sum(_count(row, "unpriced") for row in rows.values()),
        share_mismatch=chance,
        trusted=chance >= estimate.MISMATCH,
        verdict=verdict(observed, chance, [one for one in differences if one.measure == "ctr"], effect),
    )


def _variant(name: str, share: float, row: Row) -> Variant:
    counts = {one: _count(row, one) for one in COUNTS}
    measures = {measure: estimate.ratio(sample) for measure, sample in _samples(row, MEASURES).items()}
    return Variant(name, share, _count(row, "shoppers"), counts, measures)


def _differences(samples: Mapping[str, Samples], effect: float) -> Iterator[Difference]:
    """Hold each variant against the first, in each measure; where there is no number, there is no difference."""
    control, *others = samples
    sure = estimate.together(len(others))
    for other in others:
        for measure, base in samples[control].items():
            theirs = samples[other][measure]
            found = estimate.difference(theirs, base, sure)
            if found is None:
                continue
            shown = found.excludes() and not (theirs.few or base.few)
            relative = found.value / base.ratio if base.ratio else None
            needed = None if shown else estimate.shoppers_needed(base, effect, sure)
            yield Difference(measure, other, control, found.value, found.low, found.high, relative, shown, needed)


def _interleaved(settings: Settings, name: str, begin: datetime, end: datetime, effect: float) -> Report:
    """Compare what the two teams of the same lists were credited with; half each is no difference."""
    shares = settings.experiments[name].variants
    (row,) = _rows(settings, shoppers.by_team(name, begin, end))
    count = _count(row, "shoppers")
    counts = [{one: _count(row, f"{one}_{team}") for one in ("impressions", *TEAMS)} for team in ("first", "second")]
    differences = list(_shares(_samples(row, TEAMS), list(shares), effect))
    clicks = [one for one in differences if one.measure == "share_of_clicks"]
    return Report(
        experiment=name,
        since=begin,
        until=end,
        interleaved=True,
        variants=[Variant(one, shares[one], count, team, {}) for one, team in zip(shares, counts, strict=True)],
        differences=differences,
        crossed=0,
        unpriced=0,
        share_mismatch=None,
        trusted=True,
        verdict=verdict(dict.fromkeys(shares, count), 1, clicks, effect),
    )


def _shares(samples: Samples, teams: Sequence[str], effect: float) -> Iterator[Difference]:
    first, second = teams
    for one, sample in samples.items():
        if share := estimate.ratio(sample):
            shown = share.excludes(HALF) and not sample.few
            needed = None if shown else estimate.share_needed(sample, effect)
            value, low, high = share.value - HALF, share.low - HALF, share.high - HALF
            yield Difference(f"share_of_{one}", second, first, value, low, high, None, shown, needed)


def _rows(settings: Settings, sql: str) -> list[Row]:
    names, rows = duck.ask(settings, sql)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _samples(row: Row, measures: Mapping[str, object]) -> dict[str, Sample]:
    """Read the moments of each measure; one shopper alone has no variance, none has nothing."""
    count = _count(row, "shoppers")
    return {one: Sample(count, *(float(row.get(f"{one}_{m}") or 0) for m in MOMENTS)) for one in measures}


def _count(row: Row, name: str) -> int:
    return int(row.get(name) or 0)
