"""The search climbs, doubles the rank, tries nothing twice, and after a kill goes on where it was."""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mart.edges import trials
from mart.edges.tracking import connect, experiment
from mart.evaluation import search
from mart.evaluation.search import Search
from mart.settings import Als, Settings

DIMENSIONS = (search.DECAY, *search.STRENGTH)


class Kept(dict[str, float]):
    """A memory in memory."""

    def done(self) -> dict[str, float]:
        return dict(self)

    def keep(self, key: str, params: dict[str, object], score: float, seconds: float) -> None:
        assert key not in self
        self[key] = score


def hill(als: Als) -> float:
    """Peak at alpha 4, regularisation 0.3, a half-life of 30 days and rank 64."""
    away = (
        math.log(als.alpha / 4),
        math.log(als.regularisation / 0.3),
        math.log((als.taste.half_life_days or 1e4) / 30),
    )
    return 1 - sum(distance**2 for distance in away) / 100 - abs(math.log2(als.rank / 64)) / 10


def test_the_search_comes_near_the_peak_and_doubles_the_rank_as_long_as_that_helps() -> None:
    best, score = Search(hill, Kept(), trials=40).run(Als(), DIMENSIONS)
    assert best.rank == 64
    assert score == hill(best) > 0.98
    assert search.SMALL * 4 == 64


@pytest.mark.parametrize("most", range(1, 30))
def test_no_more_trials_are_made_than_asked_for_and_none_twice(most: int) -> None:
    kept, told = Kept(), list[int]()
    Search(hill, kept, most, lambda als, score, count: told.append(count)).run(Als(), DIMENSIONS)
    assert told == list(range(1, len(kept) + 1))
    assert len(kept) <= most


def test_numbers_that_are_equal_are_one_trial() -> None:
    assert search.key_of(Als(alpha=1)) == search.key_of(search.change(Als(alpha=3.0), "alpha", 1 / 3))
    assert search.change(Als(), search.DECAY, 3).taste.half_life_days == search.HALF_LIFE


def interrupted(after: int, then: Callable[[], None]) -> Callable[[Als], float]:
    """Climb the hill until so many trials were made."""
    made: list[Als] = []

    def evaluate(als: Als) -> float:
        made.append(als)
        if len(made) > after:
            then()
        return hill(als)

    return evaluate


def stop() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("after", [0, 1, 7, 20])
def test_a_search_that_was_stopped_goes_on_and_ends_like_one_that_was_not(after: int) -> None:
    whole = Kept()
    expected = Search(hill, whole, 25).run(Als(), DIMENSIONS)
    kept = Kept()
    with pytest.raises(KeyboardInterrupt):
        Search(interrupted(after, stop), kept, 25).run(Als(), DIMENSIONS)
    assert len(kept) == after
    rest = Search(interrupted(len(whole) - after, stop), kept, 25)
    assert rest.run(Als(), DIMENSIONS) == expected
    assert kept == whole


def climb(home: str, after: int) -> None:
    """Search as the command does, and be killed in the middle of a trial: what the child process of the test runs."""
    kept = trials.search(Settings.read(home=Path(home)), "hill", {"protocol": "test"})
    Search(interrupted(after, lambda: os.kill(os.getpid(), signal.SIGKILL)), kept, 25).run(Als(), DIMENSIONS)


def test_after_a_kill_mlflow_knows_which_trials_have_ended(tmp_path: Path) -> None:
    child = f"from tests.evaluation.test_search import climb; climb({str(tmp_path)!r}, 6)"
    killed = subprocess.run(
        [sys.executable, "-c", child], cwd=Path(__file__).parents[2], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    settings = Settings.read(home=tmp_path)
    kept = trials.search(settings, "hill", {"protocol": "test"})
    assert len(kept.done()) == 6
    best, score = Search(interrupted(30, stop), kept, 25).run(Als(), DIMENSIONS)
    assert (best, score) == Search(hill, Kept(), 25).run(Als(), DIMENSIONS)
    kept.end(search.flat(best), score)

    client = connect(settings)
    runs = client.search_runs(
        [experiment(client, settings)], f"tags.`{trials.PARENT}` = '{kept.run_id}'", max_results=99
    )
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == len(kept.done())
    assert {run.data.params["rank"] for run in runs} >= {"16", "32"}
    search_run = client.get_run(kept.run_id)
    assert search_run.info.status == "FINISHED"
    assert search_run.data.tags["best.rank"] == str(best.rank)
    assert trials.search(settings, "another", {}).done() == {}
