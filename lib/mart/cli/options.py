"""Options that every command shares, and how a user's mistake is told: one line, no stack trace."""

from pathlib import Path

import click

from mart.settings import Settings, SettingsError

home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".mart"),
    show_default=True,
    help="Folder that holds the lake and the services' data.",
)
settings_option = click.option(
    "--settings",
    "file",
    metavar="FILE",
    help="Settings, a file or s3://BUCKET/KEY.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def settings_of(home: Path, file: str | Path | None = None) -> Settings:
    """Read the settings of a home. Raises UsageError for settings that can't be used."""
    try:
        return Settings.read(file, home)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
