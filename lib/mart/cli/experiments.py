"""`mart experiments list|report`: which variants are tried, and what came of them."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.experiments.assignment import CHAMPION, ExperimentError, began, check, ended, in_order, overlap
from mart.settings import Experiment, Settings

if TYPE_CHECKING:
    from mart.experiments.estimate import Estimate
    from mart.experiments.findings import Report

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def experiments() -> None:
    """Experiments on recommendations: variants shown to shares of the shoppers."""


@experiments.command("list")
@home_option
@settings_option
@json_option
def list_(home: Path, file: str | None, as_json: bool) -> None:
    """List the experiments of the settings, in the order in which they choose their shoppers.

    \b
    Examples:
      mart experiments list --settings conf/production.toml
      mart experiments list --json
    """
    now = datetime.now(UTC)
    known = _experiments(settings_of(home, file))
    found = [_told(name, known, now) for name in in_order(known)]
    if as_json:
        print(json.dumps(found))
        return
    table = Table("experiment", "state", "start", "end", "variants", "overlaps")
    for one in found:
        name = str(one["experiment"])
        dates = [f"{at(known[name]):%Y-%m-%d %H:%M}" for at in (began, ended)]
        table.add_row(name, str(one["state"]), *dates, _variants(known[name]), _overlaps(name, known))
    Console(file=sys.stdout).print(table)


@experiments.command()
@click.argument("name")
@home_option
@settings_option
@click.option("--since", type=DAY, help="Leave out what was before, UTC  [its start].")
@click.option("--until", type=DAY, help="Leave out what was after, UTC  [its end, or now].")
@click.option(
    "--effect",
    type=click.FloatRange(0, min_open=True),
    default=0.05,
    show_default=True,
    help="Relative difference worth knowing: how many shoppers it takes is told.",
)
@json_option
def report(
    name: str,
    home: Path,
    file: str | None,
    since: datetime | None,
    until: datetime | None,
    effect: float,
    as_json: bool,
) -> None:
    """Report what came of the experiment NAME, from the events of the lake.

    Intervals hold for shoppers, not for impressions: each shopper is one observation, of the variant that he saw first.
    The first variant of the settings is what the others are compared with. Exit code 1 where the shoppers don't fall into
    the variants by their shares: then something is broken, and no number can be trusted.

    \b
    Examples:
      mart experiments report rank
      mart experiments report rank --since 2026-11-01 --effect 0.02 --json
    """
    from mart.experiments.report import report as made

    settings = settings_of(home, file)
    known = _experiments(settings)
    if name not in known:
        raise click.UsageError(f"no experiment {name}: the settings have {', '.join(known) or 'none'}")
    found = made(settings, name, effect, datetime.now(UTC), _utc(since), _utc(until))
    if as_json:
        print(json.dumps(found.document()))
    else:
        _show(found)
    sys.exit(0 if found.trusted else 1)


def _experiments(settings: Settings) -> dict[str, Experiment]:
    try:
        check(settings.experiments)
    except ExperimentError as error:
        raise click.UsageError(str(error)) from None
    return settings.experiments


def _told(name: str, known: dict[str, Experiment], now: datetime) -> dict[str, object]:
    one = known[name]
    return {
        "experiment": name,
        "state": "planned" if now < began(one) else "running" if now < ended(one) else "over",
        "start": began(one).isoformat(),
        "end": ended(one).isoformat(),
        "interleaved": one.interleave,
        "variants": {
            variant: {"share": share, "model": one.models.get(variant, CHAMPION)}
            for variant, share in one.variants.items()
        },
    }


def _variants(one: Experiment) -> str:
    parts = [f"{variant} {share:.0%} ({one.models.get(variant, CHAMPION)})" for variant, share in one.variants.items()]
    return "\n".join([*parts, "interleaved"] if one.interleave else parts)


def _overlaps(name: str, known: dict[str, Experiment]) -> str:
    """Name the experiments at the same time; a shopper belongs to the first of them that drew him."""
    return "\n".join(other for other in in_order(known) if other != name and overlap(known[name], known[other]))


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def _show(found: "Report") -> None:
    console = Console(file=sys.stdout)
    console.print(f"{found.experiment}, {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC")
    console.print(_numbers(found), _differences(found))
    if found.crossed:
        console.print(f"{found.crossed:,} shoppers saw more than one variant; they count for the first")
    if found.unpriced:
        console.print(f"{found.unpriced:,} purchases in a currency without a rate count as 0: mart rates load")
    console.print(found.verdict)


def _numbers(found: "Report") -> Table:
    """Lay out what is known of each variant, a column each: a terminal is narrow."""
    table = Table("", *(one.variant for one in found.variants))
    table.add_row("shoppers", *(f"{one.shoppers:,}" for one in found.variants))
    for name in found.variants[0].counts:
        table.add_row(name, *(f"{one.counts[name]:,}" for one in found.variants))
    for name in found.variants[0].measures:
        table.add_row(name, *(_number(one.measures[name], name) for one in found.variants))
    return table


def _differences(found: "Report") -> Table:
    table = Table("measure", "variant", "against", "difference", "interval", "relative", "", "shoppers needed")
    for one in found.differences:
        value, low, high = (_apart(number, one.measure) for number in (one.value, one.low, one.high))
        relative = f"{one.relative:+.1%}" if one.relative is not None else ""
        needed = f"{one.shoppers_needed:,}" if one.shoppers_needed else ""
        shown = "shown" if one.shown else "not shown"
        table.add_row(one.measure, one.variant, one.against, value, f"{low} to {high}", relative, shown, needed)
    return table


def _apart(value: float, measure: str) -> str:
    """Spell a difference; that of two shares is in points of a hundred."""
    return f"{value:+,.2f}" if "revenue" in measure else f"{100 * value:+.2f} points"


def _number(found: "Estimate | None", measure: str) -> str:
    if found is None:
        return "–"
    return f"{_spelled(found.value, measure)} ({_spelled(found.low, measure)} to {_spelled(found.high, measure)})"


def _spelled(value: float, measure: str) -> str:
    return f"{value:,.2f}" if "revenue" in measure else f"{value:.2%}"


COMMANDS: tuple[click.Command, ...] = (experiments,)
