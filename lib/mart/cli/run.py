"""`mart run`, `mart requeue`, `mart maintain`: jobs at work."""

import json
import sys
from pathlib import Path

import click

from mart.cli.options import home_option, json_option, settings_of, settings_option


@click.command()
@click.argument("jobs", nargs=-1, required=True, metavar="JOB [JOB …]")
@home_option
@settings_option
@click.option("--available-now", is_flag=True, help="Streams take what is there, then end.")
@click.option(
    "--full",
    is_flag=True,
    help="batch/views from nothing instead of from the last run; a stream without its checkpoint, and streaming/enrich "
    "takes in all that it lacks.",
)
def run(jobs: tuple[str, ...], home: Path, file: str | None, available_now: bool, full: bool) -> None:
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


@click.command()
@click.option("--reason", help="Only rejects of this reason, e.g. not_json.")
@click.option("--of", "kind", type=click.Choice(("activity", "offers")), default="activity", show_default=True)
@home_option
@json_option
def requeue(reason: str | None, kind: str, home: Path, as_json: bool) -> None:
    """Give rejects another chance after a fix, each once; the next ingest takes them in.

    \b
    Examples:
      mart requeue --reason out_of_range
      mart requeue && mart run streaming/ingest_activity --available-now
      mart requeue --of offers && mart run streaming/ingest_offers --available-now
    """
    from mart import requeue as again
    from mart.tables.activity import REASONS

    if reason is not None and reason not in REASONS:
        raise click.UsageError(f"no such reason: {reason}. There are: {', '.join(REASONS)}")
    queued = again.requeue(settings_of(home), reason, kind)
    print(json.dumps({"queued": queued}) if as_json else f"{queued:,} rejects queued again")


@click.command()
@home_option
def maintain(home: Path) -> None:
    """Join small files, drop what the batch layer holds, delete what nobody needs; running jobs go on."""
    from mart import job
    from mart.delivery import housekeeping

    settings = settings_of(home)
    spark = job.session(settings, "maintain")
    try:
        for said in housekeeping.maintain(spark, settings):
            print(said)
    finally:
        spark.stop()


COMMANDS = (run, requeue, maintain)
