"""`mart deploy`: an environment on AWS, planned, made, shown and removed."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mart.cli.options import json_option
from mart.settings import Aws

if TYPE_CHECKING:
    from mart.deploying.deploy import Step
    from mart.deploying.environment import Environment
    from mart.deploying.templates import Template
    from mart.edges.cloudformation import CloudFormation

env_option = click.option(
    "--env", "file", type=click.Path(path_type=Path), required=True, help="The environment; conf/aws-dev.toml is one."
)
stacks_argument = click.argument("stacks", nargs=-1)


@click.group()
def deploy() -> None:
    """Make and remove an environment on AWS: the stacks in aws/, with the parameters of a file in conf/.

    Credentials are those of the AWS command line (AWS_PROFILE, AWS_ACCESS_KEY_ID, …). docs/deployment.md has the steps.

    \b
    Examples:
      mart deploy plan --env conf/aws-dev.toml
      mart deploy up --env conf/aws-dev.toml network storage
      mart deploy status --env conf/aws-dev.toml
    """


@deploy.command()
@env_option
@stacks_argument
@json_option
def plan(file: Path, stacks: tuple[str, ...], as_json: bool) -> None:
    """Say what `up` would change; nothing is changed."""
    from mart.deploying import deploy as work

    environment, templates, cloud = _open(file)
    names = _chosen(stacks)
    steps = list(work.plan(environment, templates, cloud, _brokers(environment), names))
    _tell(steps, environment, "plan", as_json)


@deploy.command()
@env_option
@stacks_argument
@json_option
def up(file: Path, stacks: tuple[str, ...], as_json: bool) -> None:
    """Create what is missing and update what differs; the settings for jobs are then put beside the releases."""
    from mart.deploying import deploy as work

    environment, templates, cloud = _open(file)
    names = _chosen(stacks)
    steps = list(work.up(environment, templates, cloud, _brokers(environment), names))
    _tell(steps, environment, "up", as_json, _publish(environment, cloud))


@deploy.command()
@env_option
@json_option
def status(file: Path, as_json: bool) -> None:
    """Say how each stack is, and what it gives. Exit code 1 unless all of them stand."""
    from mart.deploying import deploy as work

    environment, _, cloud = _open(file)
    steps = list(work.status(environment, cloud))
    _tell(steps, environment, "status", as_json)
    sys.exit(not all(step.what in ("CREATE_COMPLETE", "UPDATE_COMPLETE") for step in steps))


@deploy.command()
@env_option
@click.option("--with-data", is_flag=True, help="Also remove the lake, models, images and secrets, for good.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@json_option
def down(file: Path, with_data: bool, yes: bool, as_json: bool) -> None:
    """Remove the stacks; that with data stays, unless --with-data. What it holds is counted before you are asked."""
    from mart.deploying import deploy as work
    from mart.edges.remains import Remains

    environment, _, cloud = _open(file)
    remains = Remains(Aws(region=environment.region))
    for told in work.data(environment, cloud, remains):
        _say(f"{'to be removed for good' if with_data else 'to be kept'}: {told}")
    if not yes:
        _confirm(environment, with_data)
    steps = list(work.down(environment, cloud, remains, with_data))
    _tell(steps, environment, "down", as_json)


@deploy.command()
@env_option
def settings(file: Path) -> None:
    """Print the settings for jobs there, as TOML, of what the stacks give."""
    from mart.deploying import rendering

    environment, _, cloud = _open(file)
    facts = rendering.facts(environment, cloud, _brokers(environment))
    print(rendering.text(environment, facts), end="")


def _open(file: Path) -> tuple["Environment", list["Template"], "CloudFormation"]:
    """Read an environment and the templates, and reach its account. Raises UsageError and NoTemplates."""
    from mart.deploying import deploy as work
    from mart.deploying import templates
    from mart.deploying.environment import BadEnvironment, Environment
    from mart.edges.cloudformation import CloudFormation

    try:
        environment = Environment.read(file)
        found = templates.read_all()
        work.check(environment, found)
    except BadEnvironment as error:
        raise click.UsageError(str(error)) from None
    return environment, found, CloudFormation(Aws(region=environment.region), _say)


def _chosen(stacks: tuple[str, ...]) -> tuple[str, ...]:
    from mart.deploying.templates import ORDER

    if strange := [name for name in stacks if name not in ORDER]:
        raise click.UsageError(f"no stack {', '.join(strange)}: there are {', '.join(ORDER)}")
    return stacks or ORDER


def _brokers(environment: "Environment") -> Callable[[str], str]:
    from mart.edges import msk

    return lambda cluster: msk.brokers(cluster, Aws(region=environment.region))


def _publish(environment: "Environment", cloud: "CloudFormation") -> str:
    """Put the settings where jobs read them, once there is such a place; give the address."""
    from mart.deploying import rendering
    from mart.edges import artifacts

    facts = rendering.facts(environment, cloud, _brokers(environment))
    if "ArtifactsBucket" not in facts:
        return ""
    key, text = f"settings/{environment.name}.toml", rendering.text(environment, facts)
    return artifacts.put(facts["ArtifactsBucket"], key, text, Aws(region=environment.region))


def _confirm(environment: "Environment", with_data: bool) -> None:
    """Ask for the environment's name, which nobody types by mistake. Raises UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to ask: give --yes")
    lost = "everything, its data too" if with_data else "everything but its data"
    typed = click.prompt(f"{environment.name}: remove {lost}? Type its name", err=True)
    if typed != environment.name:
        raise click.ClickException("another name: nothing was removed")


def _tell(steps: Sequence["Step"], environment: "Environment", verb: str, as_json: bool, settings: str = "") -> None:
    if as_json:
        told = {"environment": environment.name, "region": environment.region}
        print(json.dumps(told | ({"settings": settings} if settings else {}) | {"stacks": [asdict(s) for s in steps]}))
        return
    table = Table("stack", "", "what", title=f"mart deploy {verb}: {environment.name}, {environment.region}")
    table.columns[2].overflow = "fold"  # addresses are there to be copied
    for step in steps:
        what = f"to be {step.what}" if verb == "plan" and step.what != "unchanged" else step.what
        table.add_row(step.stack, what, "\n".join(_details(step)))
    Console(file=sys.stdout).print(table)
    if settings:
        print(f"settings for jobs: {settings}")


def _details(step: "Step") -> Iterator[str]:
    yield from (f"{key} = {value}" for key, value in step.outputs.items())
    if step.what != "created":
        yield from (f"{key}: {before} -> {after}" for key, (before, after) in step.parameters.items())
        yield from (f"{one.action} {one.resource}{' (made anew)' * one.replacement}" for one in step.changes)
    elif step.changes:
        yield f"{len(step.changes)} resource{'s' * (len(step.changes) != 1)}"


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


COMMANDS = (deploy,)
