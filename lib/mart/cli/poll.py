"""`mart poll`: what AWS does between Kafka and the Lambda function, on this machine."""

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Event

import click

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.settings import ROOT

FUNCTION = ROOT / "jobs" / "streaming" / "offers_lambda.py"


@click.command()
@home_option
@settings_option
@click.option(
    "--batch-size", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Records of a batch."
)
@click.option(
    "--window", type=click.FloatRange(0, 300), default=0.5, show_default=True, help="Seconds a batch waits to be full."
)
@click.option(
    "--retries",
    type=click.IntRange(-1, 10_000),
    default=10,
    show_default=True,
    help="How often a batch that fails comes again before it is given up; -1: without end.",
)
@click.option(
    "--on-failure",
    metavar="TOPIC",
    help="Takes records that are given up; without it polling ends there with exit code 1, and they stay where they are.",
)
@click.option("--available-now", is_flag=True, help="Take what the topic holds now, then end.")
@json_option
def poll(
    home: Path,
    file: str | None,
    batch_size: int,
    window: float,
    retries: int,
    on_failure: str | None,
    available_now: bool,
    as_json: bool,
) -> None:
    """Bring the topic product-details to the Lambda function that loads Snowflake's staging.

    It plays an event source mapping: batches, partial batch responses, retries, halves, an on-failure topic. SIGTERM (or
    Ctrl-C) lets the batch at hand finish. How far it has come is committed in the consumer group mart-poll-<topic>.

    \b
    Examples:
      mart poll --available-now
      mart poll --batch-size 1000 --window 2 --on-failure product-details-failed
    """
    from mart.local import mapping, poller

    settings = settings_of(home, file)
    if on_failure == settings.kafka.product_details:
        raise click.UsageError(
            "--on-failure: records would go round in circles; name another topic than the one polled"
        )
    os.environ |= poller.environment(settings)
    how = poller.Polling(batch_size, window, retries, on_failure, available_now)
    started = time.monotonic()
    tally = poller.poll(settings, how, mapping.function(FUNCTION), _asked_to_stop(), _say)
    told = asdict(tally) | {"seconds": round(time.monotonic() - started, 3)}
    sentence = "{records:,} records taken in {invocations:,} invocations, {failures:,} of which left some over; {given_up:,} given up"
    click.echo(json.dumps(told) if as_json else sentence.format(**told))


def _asked_to_stop() -> Event:
    """From now on a SIGTERM or SIGINT only sets this flag."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


COMMANDS = (poll,)
