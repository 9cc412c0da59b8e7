"""`mart demo`, small, as a person starts it; what can be told without Spark is told without it."""

import io
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from rich.console import Console

from mart.cli import main
from mart.local.demo.live import waits
from mart.local.demo.material import HISTORY, real
from mart.local.demo.screen import screen
from mart.local.processes import MARK
from mart.replay import FORMATS


def demo(*words: object) -> list[str]:
    return [sys.executable, "-c", "from mart.cli import main; main()", "demo", *map(str, words)]


@pytest.mark.timeout(900)
def test_a_small_demo_proves_itself_and_leaves_only_its_home(tmp_path: Path) -> None:
    home, environment = tmp_path / "home", os.environ | {"COLUMNS": "120"}
    done = subprocess.run(
        demo("--events", 600, "--home", home), capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    shown = re.sub(r" +", " ", done.stdout)
    found = re.search(r"all \d\d checks hold: (\d+) records", shown)
    assert found
    sent = int(found[1])
    assert sent > 618 + 50, "618 are generated, and some shoppers react to lists"
    for fact in (
        f"ok nothing lost landing.activity {sent} records were sent, {sent} landed",
        "What became of the lists that shoppers were shown",
        "ok truth outcomes equal the generator's truth",
        "ok ledger processed.events equal the events of landing",
        "inbox:activity",
        "Kafka topic activity",
        "because you",
    ):
        assert fact in shown
    for table in ("interactions", "popularity", "sales", "funnel"):
        assert re.search(rf"ok truth serving.{table} \d+ rows equal the generator's truth", shown)
        assert re.search(rf"ok law serving.{table} \d+ rows equal a recompute at version \d+", shown)
        assert re.search(rf"ok warehouse serving.{table} version \d+ \(the lake is at \d+\): equal", shown)
    assert re.search(r"ok truth serving.recommendation_fee\S+ \d+ rows equal the generator's", shown)
    assert processes_of(home) == []
    assert (home / "lake" / "serving" / "sales").is_dir()


@pytest.mark.soak
def test_ctrl_c_puts_everything_away(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    child = subprocess.Popen(
        demo("--events", 600), stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert child.stderr
    next(line for line in child.stderr if "History" in line)  # Spark is up by then
    os.killpg(child.pid, signal.SIGINT)
    rest = child.stderr.read()
    assert child.wait(60) == 130, rest
    assert rest.endswith("interrupted: what was started ends now\n")
    assert list(tmp_path.glob("mart-demo-*")) == []
    assert processes_of(tmp_path) == []


def test_a_step_that_ctrl_c_kept_from_beginning_says_nothing(tmp_path: Path) -> None:
    shown = io.StringIO()
    with screen(tmp_path / "log") as at_work:
        at_work.console = Console(file=shown)
        dropped = at_work.step("History: dropped")
        dropped.__enter__()
        del dropped
        with suppress(KeyboardInterrupt), at_work.step("Live: interrupted"):
            raise KeyboardInterrupt
    assert [line.split()[:2] for line in shown.getvalue().splitlines()] == [["✗", "Live:"]]


def test_a_home_in_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    result = CliRunner().invoke(main, ["demo", "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert (
        result.stderr == f"Error: {tmp_path} is in use: name a new folder with --home, or leave --home and --keep out\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("words", [["--data", "."], ["--format", "jsonl"]])
def test_data_and_format_go_together(words: list[str]) -> None:
    result = CliRunner().invoke(main, ["demo", *words])
    assert result.exit_code == 2
    assert "--data and --format go together" in result.stderr


def test_variables_that_lead_to_other_services_are_refused() -> None:
    result = CliRunner(env={"MART_KAFKA__BROKERS": "production:9092"}).invoke(main, ["demo"])
    assert result.exit_code == 2
    assert "unset MART_KAFKA__BROKERS" in result.stderr


def test_real_data_is_cut_by_position_and_names_products_as_it_goes(tmp_path: Path) -> None:
    for day, first in (("a.jsonl", 0), ("b.jsonl", 5)):
        (tmp_path / day).write_text(
            "".join(f'{{"n":{n},"product_id":"p{n}","event_at":0}}\n' for n in range(first, first + 5))
        )
    material = real(tmp_path, FORMATS["jsonl"])
    assert (material.lines, HISTORY) == (10, 0.8)
    assert [(name, len(list(records))) for name, records in material.history()] == [
        ("jsonl-a.jsonl", 5),
        ("jsonl-b.jsonl", 3),
    ]
    assert len(list(material.products())) == 8
    assert [value for _, value in material.live()] == (tmp_path / "b.jsonl").read_bytes().splitlines()[3:]
    assert len(list(material.products())) == 10


def test_a_record_waits_until_the_first_step_that_holds_it() -> None:
    assert waits([1.0, 2.0, 3.0, 4.0], [(6.0, 3), (5.0, 2), (5.5, 2)]) == [4.0, 3.0, 3.0]
    assert waits([], [(1.0, 0)]) == []


def processes_of(home: Path) -> list[psutil.Process]:
    """The services that any home at or below this one has running."""
    return [one for one in psutil.process_iter(["environ"]) if str(home) in (one.info["environ"] or {}).get(MARK, "")]
