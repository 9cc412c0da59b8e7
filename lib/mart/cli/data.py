"""`mart replay` and `mart generate`: bring activity in, from real data sets or from an invented shop."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mart.cli.services import home_option, json_option
from mart.edges.kafka import KafkaError
from mart.replay import FORMATS, send
from mart.replay.files import NoInput, find
from mart.settings import Settings, SettingsError

to_option = click.option(
    "--to", type=click.Choice(send.DESTINATIONS), help="The Kafka topic, or the landing zone's inbox."
)
rate_option = click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Records a second, to Kafka.")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), required=True, help="What the files are.")
@click.option(
    "--to", type=click.Choice(send.DESTINATIONS), required=True, help="The Kafka topic, or the landing zone's inbox."
)
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
    """  # noqa: D301 - click takes \b for "leave these lines as they are"
    if rate and to != "kafka":
        raise click.UsageError("--rate goes with --to kafka: files are written as fast as they can be")
    with _told():
        files = find(paths, FORMATS[name].suffixes)
        with _bar(sum(file.stat().st_size for file in files)) as (bar, task):
            sent = send.replay(
                Settings.read(home=home), FORMATS[name], files, to, rate, lambda file: bar.wrap_file(file, task_id=task)
            )
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(sent)))
    else:
        known = f" ({sent.known:,} were there already)" if sent.known else ""
        click.echo(f"{sent.records:,} records{known} from {sent.files:,} files to {to}, {sent.products:,} products")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a person can put right into one line."""
    try:
        yield
    except (NoInput, SettingsError) as error:
        raise click.UsageError(str(error)) from None
    except (KafkaError, OSError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _bar(size: int) -> Iterator[tuple[Progress, TaskID]]:
    """Show how many of `size` bytes are read, on stderr and only to a person."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task("replaying", total=size)


COMMANDS: tuple[click.Command, ...] = (replay,)
