"""`mart up`, `status`, `down` and `doctor`: the services of one machine, per home folder."""

import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from mart.cli.options import settings_of, settings_option
from mart.finding import Finding
from mart.local import doctor as examination
from mart.local import services
from mart.local.services import Report, Status

if TYPE_CHECKING:
    from mart.cli.glance import Glance

LIVELY = 2.0  # seconds between two looks of `mart status --watch`
COLOURS = {"up": "green", "down": "dim", "not ready": "yellow", "failed": "red"}
home_option = click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), default=Path(".mart"), show_default=True,
    help="Folder of the services' data, ports and logs.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command()
@home_option
def up(home: Path) -> None:
    """Start the services of a home; what runs is left alone."""
    with _spinner("starting") as report:
        told = services.up(home, report=report)
    _print_services(told)
    failed = [status for status in told if status.state != "up"]
    if failed:
        raise click.ClickException("\n".join(f"{status.title}: {status.detail}" for status in failed))


@click.command()
@home_option
@click.option("--watch", "live", is_flag=True, help="Stay, and show what changes, until Ctrl-C.")
@json_option
def status(home: Path, live: bool, as_json: bool) -> None:
    """Tell how the services are, where, and what of their data outlives a restart; and how lake, streams and jobs are.

    What `mart watch` has raised is shown as it remembers it; nobody is told by this command.
    """
    if live and as_json:
        raise click.UsageError("--json prints one document: leave --watch out")
    if live:
        _stay(home)
        return
    told = services.status(home)
    glance = _glance(home, told)
    if as_json:
        document = {"home": str(home.resolve()), "services": [dataclasses.asdict(one) for one in told]}
        click.echo(json.dumps(document | glance.document()))
    else:
        _print_services(told)
        if (table := glance.table()).row_count:
            Console().print(table)


def _glance(home: Path, told: Sequence[Status]) -> "Glance":
    from mart.cli.glance import Glance
    from mart.cli.options import settings_of

    return Glance.at(settings_of(home), told)


def _stay(home: Path) -> None:
    """Look again and again. An address that changes is read anew, as a service may be started meanwhile."""
    with Live(console=Console(), refresh_per_second=1) as screen, suppress(KeyboardInterrupt):
        while True:
            told = services.status(home)
            up = ", ".join(one.title for one in told if one.state == "up") or "no service"
            screen.update(Group(f"{datetime.now(UTC):%H:%M:%S} UTC, up: {up}", _glance(home, told).table()))
            time.sleep(LIVELY)


@click.command()
@home_option
def down(home: Path) -> None:
    """End the services of a home; their data stays."""
    with _spinner("stopping") as report:
        services.down(home, report)


@click.command()
@click.option("--aws", is_flag=True, help="Look at where the settings say that jobs run, instead of this machine.")
@settings_option
@home_option
@json_option
def doctor(aws: bool, file: str | None, home: Path, as_json: bool) -> None:
    """Say what is missing or not ready, and what to do about it."""
    if file and not aws:
        raise click.UsageError("--settings goes with --aws")
    found = _on_aws(home, file) if aws else examination.examine(home)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found]))
    else:
        _print_findings(found)
    if not all(one.ok for one in found):
        raise SystemExit(1)


def _on_aws(home: Path, file: str | None) -> list[Finding]:
    from mart.submit.examination import examine  # here, for boto3 is slow to start

    with Console(stderr=True).status("asking AWS"):
        return examine(settings_of(home, file))


@contextmanager
def _spinner(verb: str) -> Iterator[Report]:
    """Show on stderr which services are still being worked on."""
    busy: dict[str, str] = {}
    with Console(stderr=True).status(f"{verb} the services") as spinner:

        def report(service: str, step: str) -> None:
            busy[service] = step
            at_work = [name or step for name, step in busy.items() if step not in ("up", "down", "failed")]
            spinner.update(f"{verb} {', '.join(at_work)}")

        yield report


def _print_services(told: list[Status]) -> None:
    table = Table("service", "state", "address", "memory", box=box.SIMPLE)
    for one in told:
        state = f"[{COLOURS[one.state]}]{one.state}[/]"
        table.add_row(one.title, state, one.address, f"{one.megabytes} MB" if one.pid else "")
    Console().print(table)
    kept = "; ".join(f"{one.title}: {one.keeps}" for one in told)
    Console(highlight=False).print(f"A restart keeps of {kept}.")
    for one in told:
        if one.state == "not ready":
            click.echo(f"{one.title}: {one.detail}")


def _print_findings(found: list[Finding]) -> None:
    """Print a line each, and what to do below what is off: addresses among them are there to be copied, so none is cut."""
    console, width = Console(highlight=False), max((len(one.name) for one in found if one.ok), default=0)
    for one in found:
        mark = "[green]ok[/]" if one.ok else "[red]no[/]"
        console.print(f"{mark}  {one.name:{width}}  {escape(one.found)}", soft_wrap=True)
        if not one.ok:
            console.print(f"    [bold]{escape(one.remedy)}[/]", soft_wrap=True)


COMMANDS: tuple[click.Command, ...] = (up, status, down, doctor)
