"""`mart up`, `status`, `down` and `doctor` as they are typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mart.cli import main
from mart.edges import kafka
from mart.local import services as local
from mart.settings import Settings


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own, left without processes."""
    yield tmp_path / "home"
    local.down(tmp_path / "home")


@pytest.mark.usefixtures("services")
def test_status_tells_what_is_kept_and_where(home: Path) -> None:
    told = json.loads(_mart("status", "--json", "--home", home).stdout)
    assert told["home"] == str(home.resolve())
    kept = {one["name"]: (one["state"], one["keeps_data"]) for one in told["services"]}
    assert kept == {
        "kafka": ("up", True),
        "snowflake": ("up", True),
        "aws": ("up", False),
        "mlflow": ("up", True),
        "shop": ("up", True),
        "api": ("up", False),
        "storefront": ("up", False),
    }
    table = _mart("status", "--home", home).stdout
    assert all(one["address"] in table for one in told["services"])


@pytest.mark.usefixtures("services")
def test_up_again_says_so_and_succeeds(home: Path) -> None:
    assert _mart("up", "--home", home).exit_code == 0


def test_a_failed_service_ends_up_with_one(own: Path) -> None:
    own.mkdir()
    (own / "logs").write_text("a file where a folder should be")
    result = _mart("up", "--home", own)
    assert result.exit_code == 1
    assert all(f"{one.title}: " in result.stderr for one in local.SERVICES)


def test_down_and_status_of_a_home_that_never_was(own: Path) -> None:
    assert _mart("down", "--home", own).exit_code == 0
    assert _mart("status", "--home", own).exit_code == 0
    assert not own.exists()


def test_doctor_is_content_with_a_home_that_is_up_and_names_what_is_not(services: Settings, home: Path) -> None:
    assert _found(home)[1] == []
    kafka.delete(services.kafka.brokers, "offer-alerts")
    exit_code, [fault] = _found(home)
    local.up(home, ["kafka"])
    assert exit_code == 1
    assert (fault["name"], fault["found"], fault["remedy"]) == (
        "topics",
        "missing: offer-alerts",
        f"run `mart up --home {home}`",
    )


def test_doctor_sends_a_home_that_is_down_to_mart_up(own: Path) -> None:
    exit_code, faults = _found(own)
    assert exit_code == 1
    assert {fault["name"] for fault in faults} == {one.name for one in local.SERVICES}
    assert {fault["remedy"] for fault in faults} == {f"run `mart up --home {own}`"}


def _found(home: Path) -> tuple[int, list[dict[str, object]]]:
    result = _mart("doctor", "--json", "--home", home)
    return result.exit_code, [one for one in json.loads(result.stdout) if not one["ok"]]


def _mart(*words: object) -> Result:
    return CliRunner(env={"COLUMNS": "150"}).invoke(main, [str(word) for word in words])
