"""`mart deploy` as people type it, against an AWS of our own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mart.cli import main
from mart.deploying.environment import BadEnvironment, Environment
from mart.settings import Aws
from tests.kinesis import answering

SMALL = 'name = "shop"\nregion = "eu-central-1"\n[parameters]\nRelease = "1"\nKafkaBrokers = "b:9092"\n'


def mart(aws: Aws, *words: str) -> Result:
    there = {"AWS_ENDPOINT_URL": aws.endpoint_url}
    return CliRunner().invoke(main, ["deploy", *words], env=there, catch_exceptions=False)


@pytest.fixture
def file(tmp_path: Path) -> str:
    place = tmp_path / "aws.toml"
    place.write_text(SMALL)
    return str(place)


def test_a_stack_is_planned_made_shown_and_removed(aws: Aws, file: str) -> None:
    planned = json.loads(mart(aws, "plan", "--env", file, "network", "--json").stdout)
    assert [(one["stack"], one["what"]) for one in planned["stacks"]] == [("network", "created")]
    made = mart(aws, "up", "--env", file, "network")
    assert made.exit_code == 0
    assert "shop-network: shop-network CREATE_COMPLETE" in made.stderr
    assert "shop-network" not in made.stdout, "progress is no result"
    shown = mart(aws, "status", "--env", file, "--json")
    assert shown.exit_code == 1, "the others are absent"
    states = {one["stack"]: one["what"] for one in json.loads(shown.stdout)["stacks"]}
    assert (states["network"], states["storage"]) == ("CREATE_COMPLETE", "absent")


def test_down_asks_and_where_nobody_can_answer_wants_yes(aws: Aws, file: str) -> None:
    refused = mart(aws, "down", "--env", file)
    assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (2, "Error: nobody is there to ask: give --yes")
    done = mart(aws, "down", "--env", file, "--yes", "--json")
    assert {one["what"] for one in json.loads(done.stdout)["stacks"]} == {"unchanged"}


@pytest.mark.usefixtures("credentials")
def test_an_endpoint_that_is_no_aws_is_told_in_one_line(file: str) -> None:
    with answering(lambda *_: (200, b"<html><p>Welcome</html>")) as address:
        planned = mart(Aws(endpoint_url=address), "plan", "--env", file)
    told = "CloudFormation: describe_stacks shop-network: answered as AWS does not"
    assert planned.stderr == f"Error: {told}; check aws.endpoint_url and AWS_ENDPOINT_URL\n"
    assert planned.exit_code == 1


def test_settings_are_printed_as_toml(aws: Aws, file: str) -> None:
    assert mart(aws, "settings", "--env", file).stdout == '[aws]\nregion = "eu-central-1"\n'


def test_wrong_usage_is_one_line_and_exit_code_2(aws: Aws, file: str, tmp_path: Path) -> None:
    strange = mart(aws, "up", "--env", file, "netwrk")
    assert (strange.exit_code, strange.stderr.splitlines()[-1][:27]) == (2, "Error: no stack netwrk: the")
    Path(file).write_text(SMALL + "Realease = 1\n")
    assert "[parameters] Realease: no template asks for that" in mart(aws, "plan", "--env", file).stderr
    assert mart(aws, "plan", "--env", str(tmp_path / "none.toml")).exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "Shop"\nregion = "x"', "name: String should match"),
        ('name = "shop"', "region: Field required"),
        ('name = "shop"\nregion = "x"\naccount = "1"', "account: Extra inputs"),
        ("name =", "Invalid value"),
    ],
)
def test_an_environment_that_can_not_be_used_is_told_by_its_key(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "aws.toml").write_text(text)
    with pytest.raises(BadEnvironment, match=told):
        Environment.read(tmp_path / "aws.toml")
