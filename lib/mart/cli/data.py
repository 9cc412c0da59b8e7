"""`mart replay` and `mart generate`: bring activity in, from real data sets or from an invented shop."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.progress import TimeRemainingColumn as Remaining

from mart.cli.options import home_option, json_option, settings_of
from mart.replay import FORMATS, send
from mart.replay import generate as shop
from mart.replay.files import NoInput, find
from mart.replay.record import Record
from mart.replay.stream import Shares

F = TypeVar("F", bound=Callable[..., Any])
POSITIVE = click.FloatRange(min=0, min_open=True)
COUNT = click.IntRange(min=1)

rate_option = click.option("--rate", type=POSITIVE, help="Records a second, to Kafka or Kinesis.")


def _to_option(required: bool) -> Callable[[F], F]:
    told = "The Kafka topic, the Kinesis stream of the settings, or the landing zone's inbox."
    return click.option("--to", type=click.Choice(send.DESTINATIONS), required=required, help=told)


def _share_option(name: str, told: str) -> Callable[[F], F]:
    return click.option(f"--{name}", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help=told)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), required=True, help="What the files are.")
@_to_option(required=True)
@rate_option
@home_option
@json_option
def replay(paths: tuple[Path, ...], name: str, to: str, rate: float | None, home: Path, as_json: bool) -> None:
    """Replay real data as shoppers' activity, and its products into the inbox.

    A PATH is a file, .gz as well, or a folder: the files directly in it, by name. Nothing is judged here: a line that can't
    be read is sent as it is, for ingest to reject. A second replay adds nothing.

    \b
    Examples:
      mart replay ../shared/data/online-retail-by-day --format online-retail --to landing
      mart replay 2019-Oct.csv.gz --format rees46 --to kafka --rate 1000
      mart replay events.jsonl --format jsonl --to kafka
    """
    if rate and to == "landing":
        raise click.UsageError("--rate goes with --to kafka or kinesis: files are written as fast as they can be")
    with _told(), _bar("replaying", DownloadColumn()) as (bar, task):
        files = find(paths, FORMATS[name].suffixes)
        bar.update(task, total=sum(file.stat().st_size for file in files))
        settings = settings_of(home)
        sent = send.replay(settings, FORMATS[name], files, to, rate, lambda file: bar.wrap_file(file, task_id=task))
    known = f" ({sent.known:,} were there already)" if sent.known else ""
    sentence = f"{sent.records:,} records{known} from {sent.files:,} files to {to}, {sent.products:,} products"
    click.echo(json.dumps(dataclasses.asdict(sent)) if as_json else sentence)


@click.command()
@click.option("--shoppers", type=COUNT, default=1_000, show_default=True, help="People with an account.")
@click.option("--products", type=COUNT, default=500, show_default=True, help="What there is to buy.")
@click.option("--events", type=COUNT, default=100_000, show_default=True, help="Sound events, exactly so many.")
@click.option("--days", type=POSITIVE, default=30.0, show_default=True, help="Length of the period.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), default="2026-01-01", show_default=True, help="Its end.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another shop.")
@_share_option("bad", "Broken records on top, as a share of the events.")
@_share_option("duplicates", "Copies on top, as a share of the events.")
@_share_option("late", "Share of the events that arrive hours to days late.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the truth  [HOME/generated].")
@_to_option(required=False)
@rate_option
@click.option("--seconds", type=POSITIVE, help="Live: --rate events a second for so long.")
@home_option
@json_option
def generate(
    until: datetime,
    bad: float,
    duplicates: float,
    late: float,
    out: Path | None,
    to: str | None,
    rate: float | None,
    seconds: float | None,
    home: Path,
    as_json: bool,
    **size: int,
) -> None:
    """Generate what happens in an invented shop, with the truth about it.

    Without --to, the records go to OUT/activity.jsonl and the products to OUT/products.jsonl. In any case OUT holds
    truth.json with the counts by outcome, rejects.jsonl, and as parquet the interactions, popularity, sales and funnel that must
    come out. With --seconds, events happen as they are sent to Kafka, and no file is written.

    \b
    Examples:
      mart generate --events 1000000 --shoppers 20000 --products 5000 --to landing
      mart generate --bad 0.05 --late 0.02 --duplicates 0.03 --out shop
      mart generate --rate 1000 --seconds 60
    """
    _check(to, rate, seconds, bad + duplicates + late)
    plan = shop.Plan(until=until.replace(tzinfo=UTC), shares=Shares(bad, late, duplicates), **size)
    with _told(), _bar("generating", MofNCompleteColumn()) as (bar, task):
        settings = settings_of(home)
        watch = _counting(bar, task)
        if seconds and rate:
            plan = dataclasses.replace(plan, events=max(1, round(rate * seconds)))
            told = {"records": shop.live(plan, settings, rate, watch), "products": plan.products}
        else:
            folder = out or settings.home / "generated"
            told = shop.history(plan, folder, to, settings, rate, watch) | {"out": str(folder)}
    click.echo(json.dumps(told) if as_json else _sentence(told))


def _check(to: str | None, rate: float | None, seconds: float | None, faults: float) -> None:
    """Refuse options that do not go together. Raises UsageError."""
    wrong = {
        "--seconds needs --rate: how many events a second?": seconds and not rate,
        "--seconds goes with --to kafka: files are not live": seconds and to == "landing",
        "--bad, --duplicates and --late belong to the past: leave them out with --seconds": seconds and faults,
        "--rate goes with --to kafka, --to kinesis or --seconds: files are written as fast as they can be": rate
        and not seconds
        and to not in ("kafka", "kinesis"),
    }
    for message, is_so in wrong.items():
        if is_so:
            raise click.UsageError(message)


def _sentence(told: dict[str, Any]) -> str:
    """Say in one line what was made."""
    if "out" not in told:
        return f"{told['records']:,} events sent to kafka as they happened, {told['products']:,} products"
    parts = f"{told['events']:,} events, {told['duplicates']:,} copies, {told['rejects']:,} broken"
    return f"{told['records']:,} records ({parts}), {told['products']:,} products; the truth is in {told['out']}"


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a person can put right into one line."""
    try:
        yield
    except NoInput as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _bar(doing: str, amount: ProgressColumn) -> Iterator[tuple[Progress, TaskID]]:
    """Show progress on stderr while it lasts, to a person only."""
    columns = (TextColumn("{task.description}"), BarColumn(), amount, Elapsed(), Remaining())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar, bar.add_task(doing, total=None)


def _counting(bar: Progress, task: TaskID) -> shop.Watch:
    """Let records pass and tell the bar of a thousand at a time: telling costs more than writing one."""

    def watch(records: Iterator[Record], total: int) -> Iterator[Record]:
        bar.update(task, total=total)
        for number, record in enumerate(records, start=1):
            yield record
            if number % 1_000 == 0:
                bar.update(task, completed=number)

    return watch


COMMANDS: tuple[click.Command, ...] = (replay, generate)
