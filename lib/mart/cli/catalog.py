"""`mart catalog`: the lake's tables in the AWS Glue Data Catalog, for Athena, Redshift Spectrum and Glue itself."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of, settings_option

if TYPE_CHECKING:
    from mart.edges.glue import Change


@click.command()
@home_option
@settings_option
@click.option(
    "--manifests/--no-manifests", "spectrum", default=True, show_default=True,
    help="Write symlink manifests and register the tables that Redshift Spectrum reads through them.",
)  # fmt: skip
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would change.")
@json_option
def catalog(home: Path, file: str | None, spectrum: bool, dry: bool, as_json: bool) -> None:
    """Register the processed and serving tables, and a crawler of Snowflake's, in the Glue Data Catalog.

    Only what differs is written. Manifests name the files of one version: run it again when tables have changed.

    \b
    Examples:
      mart catalog --dry-run
      mart catalog --no-manifests --json
    """
    from mart.register import left_out, register

    settings = settings_of(home, file)
    place = settings.glue
    missing = left_out(settings, place)
    changes = list(register(settings, place, spectrum, dry))
    if as_json:
        told = {"database": place.database, "dry_run": dry, "left_out": missing}
        print(json.dumps(told | {"changes": [asdict(change) for change in changes]}))
    else:
        _show(changes, missing, dry)


def _show(changes: Sequence["Change"], missing: Mapping[str, str], dry: bool) -> None:
    """Show what changes; of what stays as it is only the number."""
    table = Table("what", "", "number", "", title="mart catalog, a dry run" if dry else "mart catalog")
    for change in changes:
        if change.what != "unchanged":
            table.add_row(change.kind, change.name, f"{change.count:,}", change.what)
    Console(file=sys.stdout).print(table)
    print(f"{sum(change.what == 'unchanged' for change in changes):,} as they should be")
    for name, why in missing.items():
        print(f"left out: {name} {why}")


COMMANDS = (catalog,)
