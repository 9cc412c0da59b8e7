"""The `mart` command: a file per theme, gathered here."""

import importlib

import click

from mart.faults import ours

THEMES = (
    *("services", "data", "run", "look", "catalog", "rates", "schedule", "poll", "topics", "package", "submit"),
    *("evaluate", "models", "serve", "experiments", "bi", "dashboard", "demo", "deploy", "watch"),
)


class Told(click.Group):
    """Commands whose errors of our own are told in one line: a person's mistake, a service that is away."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not ours(error):
                raise
            raise click.ClickException(str(error)) from None


@click.group(cls=Told, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="mart")
def main() -> None:
    """Product-Mart: what shoppers do and what the market sells, as exact tables and fresh recommendations."""


def _gather() -> None:
    for theme in THEMES:
        module = importlib.import_module(f"mart.cli.{theme}")
        for command in module.COMMANDS:
            main.add_command(command)


_gather()
