"""`mart demo`: all of it, on one machine, in minutes."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from mart.replay import FORMATS

if TYPE_CHECKING:
    from mart.local.demo.play import Asked

DEFAULT_HOME = Path(".mart")
# The demo must meet its own services and no others: these variables would lead it elsewhere.
PLACES = ("MART_LAKE", "MART_CHECKPOINTS", "MART_KAFKA__", "MART_SNOWFLAKE__", "MART_MLFLOW__", "MART_AWS__")
INTERRUPTED = 130


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), help="Play this data set: a file or a folder.")
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), help="What the data set is.")
@click.option(
    "--events", type=click.IntRange(min=200), default=100_000, show_default=True, help="Of the invented shop."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another shop.")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="A new or empty folder to work in.")
@click.option("--keep", is_flag=True, help="Leave lake and services to look around in  [.mart, or --home].")
def demo(data: Path | None, name: str | None, events: int, seed: int, home: Path | None, keep: bool) -> None:
    """See all of it work: history, model, live events beside a batch run, recommendations, proof.

    Without --data a shop is invented, with late, double and broken records, and the tables are compared with the truth
    about it. Without --keep the services end and a home that the demo chose itself is deleted.
    Exit code 1 when anything is not as it should be.

    \b
    Examples:
      mart demo
      mart demo --keep
      mart demo --data ../shared/data/online-retail-by-day --format online-retail
    """
    if (data is None) != (name is None):
        raise click.UsageError("--data and --format go together")
    if elsewhere := sorted(variable for variable in os.environ if variable.startswith(PLACES)):
        raise click.UsageError(f"the demo works in a home of its own: unset {', '.join(elsewhere)}")
    from mart.local.demo.play import Asked

    signal.signal(signal.SIGTERM, _interrupt)
    with _home(home or (DEFAULT_HOME if keep else None), keep) as place:
        _play(place, Asked(data, name, events, seed), keep)


def _play(home: Path, asked: "Asked", keep: bool) -> None:
    """Play and show what came of it. Raises ClickException where a check is off."""
    from rich.console import Console

    from mart.local.demo import closing
    from mart.local.demo.play import play
    from mart.local.demo.screen import screen

    with screen(home / "logs" / "demo.log") as at_work:
        played = play(home, asked, at_work)
    closing.show(played, sum(step.seconds for step in at_work.steps), Console(), keep)
    if played.off:
        raise click.ClickException(f"{len(played.off)} checks are off; lake and logs stay in {home}")


@contextmanager
def _home(chosen: Path | None, keep: bool) -> Iterator[Path]:
    """Give an empty home, and put away afterwards what is not to be kept; a failed demo's home stays, to be looked at.

    Raises ClickException for a folder that holds anything: the demo adds nothing to a home that is in use.
    """
    if chosen and chosen.exists() and any(chosen.iterdir()):
        raise click.ClickException(f"{chosen} is in use: name a new folder with --home, or leave --home and --keep out")
    home = (chosen or Path(tempfile.mkdtemp(prefix="mart-demo-"))).absolute()
    to_delete = chosen is None
    try:
        yield home
    except (KeyboardInterrupt, Exception) as error:
        if _interrupted(error):
            click.echo("interrupted: what was started ends now", err=True)
            sys.exit(INTERRUPTED)
        to_delete = False
        if not type(error).__module__.startswith("mart."):  # a defect keeps its trace
            raise
        raise click.ClickException(f"{error} (logs: {home}/logs)") from None
    finally:
        if not keep:
            _put_away(home, to_delete)


def _interrupted(error: BaseException | None) -> bool:
    """Whether a Ctrl-C came first: it breaks into the talk with Spark's JVM, and what asks for that then fails."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _put_away(home: Path, to_delete: bool) -> None:
    """End Spark and the services, and delete a home of our own; a second Ctrl-C does not stop this."""
    import psutil

    from mart.edges import java
    from mart.local import services

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    java.hang_up()
    for child in psutil.Process().children(recursive=True):  # Spark and its workers; services are nobody's children
        with suppress(psutil.NoSuchProcess):
            child.kill()
    services.down(home)
    if to_delete:
        shutil.rmtree(home)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


COMMANDS: tuple[click.Command, ...] = (demo,)
