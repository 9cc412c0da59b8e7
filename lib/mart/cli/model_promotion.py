"""`mart models promote`, `mart models rollback`: who is champion, and how that is told when it can't be."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mart.cli import model_tables as shown
from mart.cli.options import home_option, json_option, settings_of, settings_option

if TYPE_CHECKING:
    from mart.edges.registry import Released
    from mart.gate import Verdict
    from mart.settings import Settings

LONGEST_WHY = 1_000  # characters


@click.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Go past the gate; needs --why, and both are kept on record.")
@click.option("--why", default="", metavar="TEXT", help="Reason, kept with the version.")
@home_option
@settings_option
@json_option
def promote(version: str, force: bool, why: str, home: Path, file: str | None, as_json: bool) -> None:
    """Make a version champion, if the gate lets it. Exit code 1 where it does not.

    A version that was measured against another champion than today's is measured anew first, which starts Spark.

    \b
    Examples:
      mart models promote challenger
      mart models promote 4 --force --why "version 5 recommends what we no longer sell"
    """
    from mart import release

    _check_why(force, why)
    settings = settings_of(home, file)
    made = release.promote(settings, version, _measure(settings), why.strip(), force)
    shown.promoted(made, as_json)


@click.command()
@click.option("--why", default="", metavar="TEXT", help="Reason, kept with the version.")
@home_option
@settings_option
@json_option
def rollback(why: str, home: Path, file: str | None, as_json: bool) -> None:
    """Bring the champion before back; again goes back further.

    \b
    Examples:
      mart models rollback --why "clicks fell by a third since this morning"
    """
    from mart import release

    _check_why(False, why)
    settings = settings_of(home, file)
    made = release.rollback(settings, why.strip())
    shown.promoted(made, as_json)


def _measure(settings: "Settings") -> "Callable[[Released], Verdict]":
    """Measure with a Spark session that lasts as long as that."""

    def measure(version: "Released") -> "Verdict":
        from mart import job, training

        job.say(f"version {version.version} was not measured against today's champion: measuring it now, some minutes")
        spark = job.session(settings, "models promote")
        try:
            return training.measure(spark, settings, version)
        except training.TooLittle as error:
            raise click.ClickException(f"version {version.version} can't be measured: {error}") from None
        finally:
            spark.stop()

    return measure


def _check_why(force: bool, why: str) -> None:
    if force and not why.strip():
        raise click.UsageError("--force needs --why TEXT: who looks at this version later wants to know")
    if len(why) > LONGEST_WHY:
        raise click.UsageError(f"--why has {len(why):,} characters, at most {LONGEST_WHY:,} are kept")
