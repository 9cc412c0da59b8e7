"""`mart run`, `mart requeue`, `mart maintain`: jobs at work."""

import sys
from pathlib import Path

import click

from mart.cli.options import home_option, settings_of


@click.command()
@click.argument("jobs", nargs=-1, required=True, metavar="JOB [JOB …]")
@home_option
@click.option("--settings", "file", type=click.Path(path_type=Path), help="Settings file; conf/local.toml says what can be set.")
@click.option("--available-now", is_flag=True, help="Streams take what is there, then end.")
@click.option("--full", is_flag=True, help="batch/views from nothing instead of from the last run.")
def run(jobs: tuple[str, ...], home: Path, file: Path | None, available_now: bool, full: bool) -> None:
    """Run jobs in one Spark application, in the order given; a stream goes on beside what follows.

    SIGTERM (or Ctrl-C) lets the micro-batch finish, then ends with exit code 0.

    \b
    Examples:
      mart run streaming/ingest_activity --available-now
      mart run batch/products batch/views serving/merge
      mart run streaming/live
    """
    from mart import job

    if unknown := [name for name in jobs if name not in job.names()]:
        raise click.UsageError(f"no such job: {', '.join(unknown)}. There are: {', '.join(job.names())}")
    settings = settings_of(home, file)
    sys.exit(job.run_all([(name, job.load(name)) for name in jobs], settings, job.Options(available_now, full)))


COMMANDS = (run,)
