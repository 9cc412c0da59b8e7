"""`mart evaluate`: how good are the recommendations, and against what?"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mart.cli.options import home_option, json_option, settings_of, settings_option
from mart.settings import Als, Settings

if TYPE_CHECKING:
    from mart.evaluation.evaluate import Trainers
    from mart.evaluation.protocols import Split
    from mart.evaluation.report import Report

MOVIELENS, TIME = "ms-movielens-100k", "time-split"
FORMATS = ("jsonl", "lake", "online-retail", "ratings", "rees46")
MODELS = ("popularity", "item_item_cosine", "ease", "explicit_als", "implicit_als")
OURS = MODELS[-1]
SHARE = 0.2  # of each shopper's acts, where neither a cut nor a share is given
TRIALS = {MOVIELENS: 24}  # of a search where nothing else is said


@click.command()
@click.option("--protocol", type=click.Choice((MOVIELENS, TIME)), required=True, help="How known and wanted are split.")
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="File or folder; for ms-movielens-100k the one with u.data.",
)
@click.option(
    "--format", "name", type=click.Choice(FORMATS), help="What the files of a time split are; lake: processed.events."
)
@click.option(
    "--cut",
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")),
    help="Known is what was before, UTC.",
)
@click.option(
    "--last-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=f"Wanted is each shopper's newest share; {SHARE} where there is no --cut.",
)
@click.option(
    "--search", "trials", type=click.IntRange(min=0), help="Trials of a search for hyper-parameters, on an inner split."
)
@click.option("--models", "chosen", help=f"Only these, with commas between: {','.join(MODELS)}.")
@home_option
@settings_option
@json_option
def evaluate(
    protocol: str, data: Path | None, name: str | None, cut: datetime | None, last_share: float | None,
    trials: int | None, chosen: str | None, file: str | None, home: Path, as_json: bool,
) -> None:  # fmt: skip
    """Hold products out, rank all others, count what is found: ours beside its peers and beside what others published.

    A search is kept in MLflow, a run a trial; one that was stopped goes on where it was when it is asked for again.
    ms-movielens-100k always searches (24 trials, unless --search says otherwise); time-split if --search says so.

    \b
    Examples:
      mart evaluate --protocol ms-movielens-100k --data ../shared/data/ml-100k
      mart evaluate --protocol time-split --data ../shared/data/online-retail-by-day --format online-retail \\
          --cut 2011-11-09T12:50:00 --search 40
      mart evaluate --protocol time-split --data ratings.csv --format ratings --last-share 0.2 --json
      mart evaluate --protocol time-split --format lake --last-share 0.1
    """
    asked = Asked(
        protocol, data, name, cut.replace(tzinfo=UTC) if cut else None, last_share, trials, _models(chosen, protocol)
    )
    asked.check()
    from mart.evaluation import table

    report = _evaluated(settings_of(home, file), asked)
    if as_json:
        print(json.dumps(report.document()))
    else:
        table.show(report, Console(file=sys.stdout))


@dataclass(frozen=True)
class Asked:
    """What a user asked to be evaluated."""

    protocol: str
    data: Path | None
    format: str | None
    cut: datetime | None
    last_share: float | None
    trials: int | None
    models: tuple[str, ...]

    def check(self) -> None:
        """Raise UsageError for what does not go together."""
        in_time = self.protocol == TIME
        if not in_time and (self.format or self.cut or self.last_share):
            raise click.UsageError(f"{MOVIELENS} has its own split: leave out --format, --cut and --last-share")
        if self.data is None and self.format != "lake":
            raise click.UsageError("--data is missing: the file or folder to evaluate on")
        if in_time and (not self.format or (self.cut and self.last_share)):
            raise click.UsageError(f"{TIME} needs --format, and --cut or --last-share, not both")


def _models(chosen: str | None, protocol: str) -> tuple[str, ...]:
    fit = tuple(model for model in MODELS if model != "explicit_als" or protocol == MOVIELENS)
    names = tuple(chosen.split(",")) if chosen else fit
    if strange := [name for name in names if name not in fit]:
        raise click.UsageError(f"no such model under {protocol}: {', '.join(strange)}. There are: {', '.join(fit)}")
    return names


def _evaluated(settings: Settings, asked: Asked) -> "Report":
    from mart.evaluation import evaluate as evaluation
    from mart.evaluation.report import Report

    split, left_out = _split(settings, asked)
    als, search = _searched(settings, asked, split)
    with _trainers(settings, asked.models) as trainers:
        rows = evaluation.rows(split, asked.models, als, trainers, _say)
    return Report(asked.protocol, split, rows, left_out, search)


def _split(settings: Settings, asked: Asked) -> tuple["Split", int]:
    from mart.evaluation import protocols, reading

    with _said("read"):
        if asked.protocol == MOVIELENS:
            assert asked.data is not None
            return protocols.movielens(reading.stars(asked.data)), 0
        assert asked.format is not None
        read = reading.read(settings, asked.format, asked.data)
        if asked.cut:
            return protocols.cut_at(read.acts, asked.cut), read.left_out
        return protocols.newest_of_each(read.acts, asked.last_share or SHARE), read.left_out


def _searched(settings: Settings, asked: Asked, split: "Split") -> tuple[Als, dict[str, object]]:
    """Give the settings that a search finds, or those of the settings file where none is asked for."""
    from mart import __version__
    from mart.edges import trials as memory
    from mart.evaluation import evaluate as evaluation

    count = TRIALS.get(asked.protocol, 0) if asked.trials is None else asked.trials
    if not count or OURS not in asked.models:
        return settings.als, {}
    name = evaluation.name_of(asked.protocol, split, settings.als, count)
    with _said("open MLflow"):
        kept = memory.search(
            settings, name, {"protocol": asked.protocol, "split": split.told, "code_version": __version__}
        )
    with _progress(count) as told:
        als, score, search = evaluation.tuned(split, settings.als, kept, count, told)
    kept.end(evaluation.flat(als), score)
    return als, search | {"mlflow_run": kept.run_id}


@contextmanager
def _progress(count: int) -> Iterator[Callable[[Als, float, int], None]]:
    """Show how far a search is, on stderr."""
    found = TextColumn("best nDCG@10 {task.fields[best]:.4f}")
    columns = (
        TextColumn("search"),
        BarColumn(),
        MofNCompleteColumn(),
        found,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("search", total=count, best=0.0)

        def told(als: Als, score: float, done: int) -> None:
            progress.update(task, completed=done, best=max(score, progress.tasks[0].fields["best"]))

        yield told
        progress.update(task, total=progress.tasks[0].completed)  # fewer, where nothing else was worth trying


@contextmanager
def _trainers(settings: Settings, models: tuple[str, ...]) -> Iterator["Trainers | None"]:
    """Start Spark for as long as something is trained by it; None where nothing is."""
    from mart import job
    from mart.evaluation.evaluate import Trainers
    from mart.models import factorise

    if not {"explicit_als", OURS} & {*models}:
        yield None
        return
    with _said("start Spark"):
        spark = job.session(settings, "evaluate")
    try:
        yield Trainers(partial(factorise.implicit, spark), partial(factorise.explicit, spark))
    finally:
        spark.stop()


@contextmanager
def _said(what: str) -> Iterator[None]:
    with Console(stderr=True).status(what):
        yield


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


COMMANDS = (evaluate,)
