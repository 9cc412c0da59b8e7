"""The `mart` command: a file per theme, gathered here."""

import importlib

import click

THEMES = (
    *("services", "data", "run", "look", "catalog", "rates", "schedule", "poll", "topics", "package", "submit"),
    *("evaluate", "models", "serve", "experiments", "bi", "dashboard", "demo", "deploy", "watch"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="mart")
def main() -> None:
    """Product-Mart: what shoppers do and what the market sells, as exact tables and fresh recommendations."""


def _gather() -> None:
    for theme in THEMES:
        module = importlib.import_module(f"mart.cli.{theme}")
        for command in module.COMMANDS:
            main.add_command(command)


_gather()
