"""`mart watch`: look at everything, raise and clear alarms, tell whom it concerns."""

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.settings import Settings

if TYPE_CHECKING:
    from mart.watch.exporting import Exposition
    from mart.watch.rounds import Seen, Watch


@click.command()
@home_option
@settings_option
@click.option("--once", is_flag=True, help="Look once; exit code 1 where an alarm is raised.")
@click.option(
    "--serve", "port", type=click.IntRange(0, 65535), help="Show the metrics to Prometheus at this port; 0: any."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to show them at.")
@click.option("--to", type=click.Choice(("cloudwatch",)), help="Put the metrics into CloudWatch as well.")
@json_option
def watch(home: Path, file: str | None, once: bool, port: int | None, host: str, to: str | None, as_json: bool) -> None:
    """Look at lake, streams, jobs, models, crawls, Snowflake and service every half minute, until stopped.

    Alarms are told through the routes of the settings ([alerts.routes.NAME]), once when they are raised and once when they are over;
    so are the alerts of the market. One watch a lake: it remembers in <lake>/ops/watch.json. It holds no pipeline up.

    \b
    Examples:
      mart watch --serve 9300
      mart watch --once --json
      mart watch --to cloudwatch --settings conf/shop.toml
    """
    if as_json and not once:
        raise click.UsageError("--json goes with --once")
    if once and port is not None:
        raise click.UsageError("--serve shows what is seen time and again: leave --once out")
    settings = settings_of(home, file)
    watching, exposition = _open(settings), _serve(host, port)
    if once:
        seen = _first(settings, watching)
        _put(settings, to, seen)
        print(json.dumps(document(seen))) if as_json else show(seen, settings)
        sys.exit(1 if seen.raised else 0)
    _keep_on(settings, watching, exposition, to)


def _first(settings: Settings, watching: "Watch") -> "Seen":
    """Look for the first time, which a watch can't do without the lake."""
    try:
        return watching.look(datetime.now(UTC))
    except OSError as error:
        raise click.ClickException(
            f"the lake at {settings.lake} can't be read or written: {' '.join(str(error).split())}"
        ) from None


def _open(settings: Settings) -> "Watch":
    from mart.edges.alerts import AlertsError
    from mart.watch.rounds import Watch
    from mart.watch.telling import NoPlace

    try:
        return Watch(settings)
    except (AlertsError, NoPlace) as error:
        raise click.UsageError(str(error)) from None


def _serve(host: str, port: int | None) -> "Exposition":
    from prometheus_client import start_http_server

    from mart.watch.exporting import Exposition

    exposition = Exposition()
    if port is not None:
        try:
            server, _ = start_http_server(port, host, exposition.registry)
        except OSError as error:
            raise click.ClickException(
                f"can't listen at {host}:{port} ({error.strerror}): choose another port"
            ) from None
        _say(f"http://{host}:{server.server_port}/metrics")
    return exposition


def _keep_on(settings: Settings, watching: "Watch", exposition: "Exposition", to: str | None) -> None:
    asked, seen = _asked(), _first(settings, watching)
    while True:
        exposition.show(seen.samples)
        _put(settings, to, seen)
        for change in seen.changes:
            labels = ", ".join(value for _, value in change.state.labels)
            _say(f"{change.kind}: {change.state.alarm} {labels}")
        try:
            asked.get(timeout=settings.watch.seconds)
        except Empty:
            seen = watching.look(datetime.now(UTC))
        else:
            return


def _asked() -> SimpleQueue[int]:
    """Take the signals that ask for an end."""
    asked: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.put(number))
    return asked


def _put(settings: Settings, to: str | None, seen: "Seen") -> None:
    """Put the figures; where CloudWatch is away, its own alarm on missing data says so."""
    if to != "cloudwatch":
        return
    from mart.edges.aws import AwsError
    from mart.edges.cloudwatch import CloudWatch
    from mart.watch.cloudwatch import data

    try:
        CloudWatch(settings.aws).put(settings.watch.namespace, data(seen.samples), seen.at)
    except AwsError as error:
        _say(str(error))


def document(seen: "Seen") -> dict[str, object]:
    """Say as JSON what was seen."""
    alarms = [
        {"alarm": one.alarm, "labels": dict(one.labels), "since": one.since.isoformat(), "value": one.value}
        for one in seen.raised
    ]
    return {"at": seen.at.isoformat(), "alarms": alarms, "metrics": [sample.document() for sample in seen.samples]}


def show(seen: "Seen", settings: Settings) -> None:
    """Show a person the metrics, and the alarms below."""
    Console(file=sys.stdout).print(metrics_table(seen), alarms_table(seen, settings))


def metrics_table(seen: "Seen") -> Table:
    """List the metrics, zeros left out that are as they should be."""
    from mart.watch.alarms import figure

    table = Table("metric", "of", "value", title=f"{seen.at:%Y-%m-%d %H:%M:%S} UTC", box=box.SIMPLE)
    table.columns[0].no_wrap, table.columns[1].overflow = True, "fold"  # names are there to be looked up
    for sample in seen.samples:
        if sample.value or not sample.metric.alarm:
            labels = ", ".join(value for _, value in sample.labels)
            table.add_row(sample.metric.exposed, labels, figure(sample.value, sample.metric.unit))
    return table


def alarms_table(seen: "Seen", settings: Settings) -> Table | str:
    """List the alarms that are raised, or say that there is none."""
    from mart.watch.alarms import sentence

    if not seen.raised:
        return "no alarm"
    table = Table("alarm", "what", "since, UTC")
    for state in seen.raised:
        table.add_row(
            f"[red]{state.alarm}[/]", sentence(state, settings.watch.thresholds), f"{state.since:%Y-%m-%d %H:%M:%S}"
        )
    return table


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


COMMANDS = (watch,)
