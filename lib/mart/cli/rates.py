"""`mart rates load`: what currencies are worth."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from mart.cli.options import home_option, json_option, settings_of


@click.group()
def rates() -> None:
    """Rates of currencies, by which prices are compared."""


@rates.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@home_option
@json_option
def load(file: Path, home: Path, as_json: bool) -> None:
    """Load a CSV FILE of rates into processed.rates; one that is there already for a day is replaced.

    Its first line is day,currency,rate (rate: price of one unit in the reference currency), or that of the European Central
    Bank's history: Date,USD,JPY,… (units for one euro). A file with a wrong line changes nothing.

    \b
    Examples:
      mart rates load rates.csv
      mart rates load eurofxref-hist.csv
    """
    from mart import job
    from mart import rates as reading
    from mart.edges import inbox

    settings = settings_of(home)
    try:
        lines = reading.read(file, datetime.now(UTC))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from None
    inbox.write(settings, reading.FOLDER, file.stem, lines)
    if code := job.run_all([("batch/rates", job.load("batch/rates"))], settings, job.Options()):
        sys.exit(code)
    print(json.dumps({"rates": len(lines)}) if as_json else f"{len(lines):,} rates loaded from {file}")


COMMANDS: tuple[click.Command, ...] = (rates,)
