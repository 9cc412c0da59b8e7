"""`mart evaluate` as a user calls it."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mart.cli import main
from mart.cli.evaluate import FORMATS, MODELS
from mart.evaluation import evaluate as evaluation
from mart.evaluation import reading

QUICK = ["--models", "popularity,item_item_cosine,ease"]
TIMED = ["--protocol", "time-split", "--format", "ratings"]


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Two crowds, each with products of its own, over a hundred days."""
    rng, file = np.random.default_rng(6), tmp_path / "ratings.csv"
    rows = [
        (u, 2 * rng.integers(15) + u % 2, 5, int(day * 86400)) for u in range(40) for day in rng.uniform(0, 100, 14)
    ]
    file.write_text("\n".join(",".join(map(str, row)) for row in rows))
    return file


def run(home: Path, *words: object) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, words), "--home", str(home)])


def test_one_document_on_stdout_and_nothing_else(ratings: Path, tmp_path: Path) -> None:
    cut = (datetime(1970, 1, 1) + timedelta(days=70)).isoformat()  # noqa: DTZ001 - click takes it as UTC
    answer = run(tmp_path, *TIMED, "--data", ratings, "--cut", cut, *QUICK, "--json")
    assert answer.exit_code == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert document["protocol"] == "time-split"
    rows = {row["model"]: row for row in document["rows"]}
    assert set(rows) == {"popularity", "item_item_cosine", "ease"}
    assert rows["ease"]["ndcg@10"] > rows["popularity"]["ndcg@10"] > 0
    names = {"ndcg@10", "ndcg@10_low", "ndcg@10_high", "map@10", "recall@10", "precision@10", "mrr@10"}
    assert names | {"coverage@10", "novelty@10", "segments", "seconds", "params"} <= set(rows["ease"])
    assert rows["ease"]["params"]["ridge"] in (100, 200, 400, 800)


def test_the_help_names_what_there_is() -> None:
    assert sorted(reading.NAMES) == sorted(FORMATS)
    assert evaluation.MODELS == MODELS


def test_a_person_gets_a_table(ratings: Path, tmp_path: Path) -> None:
    answer = run(tmp_path, *TIMED, "--data", ratings, *QUICK)
    assert answer.exit_code == 0, answer.stderr
    assert "item_item_cosine" in answer.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--protocol", "time-split", "--format", "ratings"], "--data is missing"),
        (["--protocol", "time-split", "--cut", "2026-01-01", "--data", "."], "needs --format"),
        (
            ["--protocol", "time-split", "--format", "lake", "--cut", "2026-01-01", "--last-share", "0.2"],
            "not both",
        ),
        (["--protocol", "ms-movielens-100k", "--last-share", "0.2"], "has its own split"),
        (["--protocol", "time-split", "--format", "lake", "--cut", "2026-01-01", "--models", "magic"], "no such model"),
        (
            ["--protocol", "time-split", "--format", "lake", "--cut", "2026-01-01", "--models", "explicit_als"],
            "no such",
        ),
    ],
)
def test_wrong_usage_is_told_in_one_line(words: list[str], told: str, tmp_path: Path) -> None:
    answer = run(tmp_path, *words)
    assert answer.exit_code == 2
    assert told in answer.stderr.splitlines()[-1]


def test_data_that_cannot_be_evaluated_is_an_error_that_says_what_to_do(ratings: Path, tmp_path: Path) -> None:
    answer = run(tmp_path, "--protocol", "time-split", "--format", "lake", "--last-share", "0.2", *QUICK)
    assert answer.exit_code == 1
    assert "run streaming/ingest_activity first" in answer.stderr
    answer = run(tmp_path, *TIMED, "--data", ratings, "--cut", "2030-01-01", *QUICK)
    assert answer.exit_code == 1
    assert "nothing to evaluate" in answer.stderr
    answer = run(tmp_path, "--protocol", "ms-movielens-100k", "--data", ratings)
    assert answer.exit_code == 1
    assert "not MovieLens-100k: 560 ratings" in answer.stderr
