"""`mart query`, `mart verify`: look at what there is."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mart.cli.options import home_option, json_option, settings_of

if TYPE_CHECKING:
    from mart.verify import Finding


@click.command()
@click.argument("sql")
@home_option
@json_option
def query(sql: str, home: Path, as_json: bool) -> None:
    """Ask the lake in DuckDB's SQL; a table's name is layer.table, as in docs/data-dictionary.md.

    \b
    Examples:
      mart query "SELECT * FROM serving.popularity ORDER BY purchases DESC LIMIT 10"
      mart query "SELECT reason, count(*) FROM quarantine.activity GROUP BY 1" --json
    """
    from mart.edges import duck

    names, rows = duck.ask(settings_of(home), sql)
    if as_json:
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=duck.plain))
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*["" if value is None else str(value) for value in row])
    Console(file=sys.stdout).print(table)


@click.command()
@home_option
@json_option
def verify(home: Path, as_json: bool) -> None:
    """Check what must be true: ledger, offsets, repeats, the lambda law, Delta protocol, Snowflake.

    Exit code 1, with the differences, when anything is off.
    """
    from mart import job
    from mart.reporting import Reporter
    from mart.verify import verify as check

    settings = settings_of(home)
    reporter = Reporter(settings)
    reporter.begin("verify")  # whoever watches wants to know what it has found
    with reporter.failing("verify"):
        spark = job.session(settings, "verify")
        try:
            findings = check(spark, settings)
        finally:
            spark.stop()
    off = [finding for finding in findings if finding.off]
    reporter.end("verify", f"{len(off)} findings are off: {off[0].detail}" if off else None)
    if as_json:
        print(json.dumps({"ok": not off, "findings": [asdict(finding) for finding in findings]}))
    else:
        _show(findings)
    sys.exit(1 if off else 0)


def _show(findings: Sequence["Finding"]) -> None:
    table = Table("", "check", "subject", "finding", title="mart verify")
    table.columns[2].overflow = "fold"  # names of tables are there to be copied
    for finding in findings:
        table.add_row("[red]off[/]" if finding.off else "[green]ok[/]", finding.check, finding.subject, finding.detail)
    Console(file=sys.stdout).print(table)


COMMANDS = (query, verify)
