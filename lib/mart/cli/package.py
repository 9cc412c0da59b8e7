"""`mart package`: what EMR, EMR Serverless, Glue and Lambda take, made of this clone and brought to S3."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.packaging.targets import TARGETS
from mart.settings import ROOT

if TYPE_CHECKING:
    from mart.packaging.manifest import Manifest


@click.command()
@click.option(
    "--target", "targets", multiple=True, type=click.Choice(tuple(TARGETS)), help="Only these; else all of them."
)
@click.option(
    "--arch", type=click.Choice(("x86_64", "aarch64")), default="x86_64", show_default=True, help="Processor."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("dist"), show_default=True)
@click.option("--to", metavar="s3://BUCKET/RELEASE", help="Upload to there as well, each manifest last.")
@home_option
@settings_option
@json_option
def package(
    targets: tuple[str, ...], arch: str, out: Path, to: str | None, home: Path, file: str | None, as_json: bool
) -> None:
    """Make dist/TARGET/ for each target: our wheel, what it needs there, jobs, connector jars, a manifest.

    Packages come from the index that pip is set up with, each with the hash of requirements.lock. The same clone makes
    the same bytes.

    \b
    Examples:
      mart package
      mart package --target glue --target lambda-offers
      mart package --arch aarch64 --to s3://my-artifacts/2026-11-26
    """
    from mart.packaging.upload import upload

    settings = settings_of(home, file)
    if to and not re.fullmatch("s3://[^/]+/.+", to):
        raise click.UsageError(f"--to {to}: say s3://BUCKET/RELEASE")
    made = _make(targets or tuple(TARGETS), arch, out.absolute())
    if to:
        with _bar("uploading", sum(one.bytes for one in made)) as (bar, task):
            for one in made:
                upload(settings.aws, one, out, to, lambda count: bar.advance(task, count))
    if as_json:
        print(json.dumps({"out": str(out), "to": to, "targets": [asdict(one) for one in made]}))
    else:
        _show(made, out, to)


def _make(targets: Sequence[str], arch: str, out: Path) -> list["Manifest"]:
    from mart.packaging.make import make

    made = []
    for name in targets:
        with _bar(name, None) as (bar, task):
            made.append(
                make(TARGETS[name], ROOT, out, arch, lambda step, total: bar.update(task, advance=1, total=total))
            )
    return made


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """Show on stderr how far it has come."""
    columns = (TextColumn("{task.description:14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield bar, bar.add_task(what, total=total)


def _show(made: Sequence["Manifest"], out: Path, to: str | None) -> None:
    table = Table("target", "python", "packages", "files", "MB")
    for one in made:
        megabytes = f"{one.bytes / 1e6:,.0f}"
        table.add_row(one.target, one.python, str(len(one.packages)), str(len(one.files)), megabytes)
    Console(file=sys.stdout).print(table)
    print(f"{made[0].version} at {made[0].commit}, in {out}{f', and {to}' if to else ''}")


COMMANDS = (package,)
