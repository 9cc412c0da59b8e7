"""`mart submit`: a job on EMR, EMR Serverless or Glue."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.submit.requests import PLACES

if TYPE_CHECKING:
    from mart.edges.runs import State
    from mart.settings import Settings
    from mart.submit.requests import Request
    from mart.submit.run import Run

PAUSE = 15  # seconds between two looks; services count calls


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="JOB")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS OF THE JOB]")
@click.option("--on", required=True, type=click.Choice(tuple(PLACES)), help="What runs it.")
@click.option(
    "--wait", "waiting", is_flag=True, help="Wait for its end; exit code 1 and the end of its log if that is a bad one."
)
@click.option("--dry-run", "dry", is_flag=True, help="Only show what would be sent.")
@home_option
@settings_option
@json_option
def submit(
    name: str, words: tuple[str, ...], on: str, waiting: bool, dry: bool, home: Path, file: str | None, as_json: bool
) -> None:
    """Run a job of the release on AWS. The settings say where ([submit]), and are what the job reads: s3://BUCKET/KEY.

    A stream runs until it is stopped there; with --available-now it takes what is there, and ends.

    \b
    Examples:
      mart submit batch/views --on emr-serverless --settings s3://my-settings/prod.toml --wait
      mart submit streaming/live --on emr --settings s3://my-settings/prod.toml --dry-run
      mart submit batch/refine_offers --on glue --settings s3://my-settings/prod.toml -- --full
    """
    from mart.submit import SubmitError, run

    _check(name, words, file)
    settings = settings_of(home, file)
    try:
        calls = PLACES[on](run.job(settings, on, name, words, file or ""), settings.submit)
        if dry:
            return _show(calls, as_json)
        _tell(_sent(settings, on, calls, waiting), name, on, as_json)
    except SubmitError as error:
        raise click.UsageError(str(error)) from None


def _check(name: str, words: tuple[str, ...], file: str | None) -> None:
    """Refuse what no job would take: it would be told minutes later, on a cluster."""
    from mart import job

    if name not in job.names():
        raise click.UsageError(f"no such job: {name}. There are: {', '.join(job.names())}")
    if file is not None and not file.startswith("s3://"):
        raise click.UsageError(
            f"--settings {file}: a job on AWS can't read it; put it to s3://BUCKET/KEY and name it so"
        )
    job.arguments(job.parser_of(name), words)


def _sent(settings: "Settings", on: str, calls: Sequence["Request"], waiting: bool) -> "Run":
    from mart.submit import run

    place, started = run.send(settings, on, calls)
    if not waiting:
        return run.Run(started, place.look(started))
    with Console(stderr=True).status(f"{started}") as spinner:

        def report(state: "State") -> None:
            spinner.update(f"{started}: {state.word.lower()}; Ctrl-C ends the waiting, not the job")

        return run.wait(place, started, report, PAUSE)


def _tell(ran: "Run", name: str, on: str, as_json: bool) -> None:
    told: dict[str, Any] = {"job": name, "on": on, "run": ran.id, "state": ran.state.word, "why": ran.state.why}
    if as_json:
        print(json.dumps(told | {"log": ran.log}))
    else:
        print(f"{name} on {on}: {ran.id} {ran.state.word}{f': {ran.state.why}' if ran.state.why else ''}")
        for line in ran.log:
            print(f"  {line}", file=sys.stderr)
    if ran.state.ended and not ran.state.good:
        raise SystemExit(1)


def _show(calls: Sequence["Request"], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"dry_run": True, "requests": [asdict(call) for call in calls]}))
        return
    for call in calls:
        print(f"{call.service} {call.operation}")
        print(json.dumps(call.arguments, indent=2))


COMMANDS = (submit,)
