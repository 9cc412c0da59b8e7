"""`mart models`: which versions there are, why one is or is not champion, and the way there and back."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from mart.cli import model_promotion as promotion
from mart.cli import model_tables as shown
from mart.cli.options import home_option, json_option, settings_of, settings_option


@click.group()
def models() -> None:
    """Versions of the model: list, compare, promote, roll back, export.

    A VERSION is its number, or an alias: champion, challenger.
    """


@models.command("list")
@home_option
@settings_option
@json_option
def list_(home: Path, file: str | None, as_json: bool) -> None:
    """List the versions, newest first, with what the gate said and how each became champion.

    \b
    Examples:
      mart models list
      mart models list --json | jq '.versions[] | select(.gate != "passed")'
    """
    from mart.edges import registry

    found = registry.versions(settings_of(home, file))
    if as_json:
        print(json.dumps({"versions": [shown.document(version) for version in found]}))
    elif found:
        shown.versions(found)
    else:
        print("no model yet: `mart run batch/train_als` makes one")


@models.command()
@click.argument("version")
@home_option
@settings_option
@json_option
def show(version: str, home: Path, file: str | None, as_json: bool) -> None:
    """Show a version's card: data, hyper-parameters, how good it is and for whom, limits, promotions.

    \b
    Examples:
      mart models show champion
      mart models show 3 > card.md
    """
    from mart import release
    from mart.edges import registry

    settings = settings_of(home, file)
    found = registry.get(settings, version)
    text = release.described(settings, found)
    if as_json:
        print(json.dumps(shown.document(found) | {"card": text}))
    elif sys.stdout.isatty():
        Console(file=sys.stdout).print(Markdown(text))
    else:
        print(text, end="")


@models.command()
@click.argument("a")
@click.argument("b")
@home_option
@settings_option
@json_option
def compare(a: str, b: str, home: Path, file: str | None, as_json: bool) -> None:
    """Put two versions side by side: where their hyper-parameters differ, and every metric.

    Each was measured when it was trained, on the data of then; only the gate compares on the same cut.

    \b
    Examples:
      mart models compare champion challenger
      mart models compare 2 5 --json
    """
    from mart.edges import registry

    settings = settings_of(home, file)
    one, other = (registry.get(settings, name) for name in (a, b))
    both = shown.side_by_side(one, other)
    print(json.dumps(both)) if as_json else shown.compared(both)


@models.command("explain-gate")
@click.argument("version")
@home_option
@settings_option
@json_option
def explain_gate(version: str, home: Path, file: str | None, as_json: bool) -> None:
    """Say what the gate looked at, check by check, with the figures. Exit code 1 where it is shut.

    \b
    Examples:
      mart models explain-gate challenger
      mart models explain-gate 3 --json | jq '.checks[] | select(.passed | not)'
    """
    from mart import release
    from mart.edges import registry

    settings = settings_of(home, file)
    found = registry.get(settings, version)
    verdict = release.recorded(settings, found)
    if verdict is None:
        raise click.ClickException(
            f"version {found.version} never met the gate; `mart models promote` would measure it"
        )
    print(json.dumps({"version": found.version} | json.loads(verdict.json()))) if as_json else shown.verdict(
        found, verdict
    )
    sys.exit(0 if verdict.passed else 1)


@models.command()
@click.argument("version")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@home_option
@settings_option
@json_option
def export(version: str, folder: Path, home: Path, file: str | None, as_json: bool) -> None:
    """Write a version's factors with their ids into a new FOLDER: Parquet, npz, and model.json.

    \b
    Examples:
      mart models export champion factors/
      python -c "import numpy; print(numpy.load('factors/factors.npz')['item_factors'].shape)"
      duckdb -c "SELECT * FROM 'factors/item_factors.parquet' LIMIT 3"
    """
    from mart.edges import factors, registry

    settings = settings_of(home, file)
    released = registry.released(settings, registry.get(settings, version).version)
    assert released
    written = factors.export(settings, released, folder)
    if as_json:
        print(json.dumps({"version": released.version, "files": [str(one) for one in written]}))
        return
    for one in written:
        print(f"{one}  {one.stat().st_size:,} bytes")


for _command in (promotion.promote, promotion.rollback):
    models.add_command(_command)

COMMANDS: tuple[click.Command, ...] = (models,)
