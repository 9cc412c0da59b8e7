"""`mart bi`: what tools for business intelligence need in Athena and in Snowflake (docs/bi.md)."""

import json
from pathlib import Path

import click

from mart.cli.options import home_option, json_option, settings_of, settings_option


@click.group()
def bi() -> None:
    """Tables and questions as Athena, and views as Snowflake, Tableau, Looker and Power BI take them."""


@bi.command()
@home_option
@settings_option
@click.option("--save", is_flag=True, help="Save the questions in the workgroup instead of printing.")
@click.option("--workgroup", default="primary", show_default=True, help="Athena's workgroup that keeps them.")
@json_option
def athena(home: Path, file: str | None, save: bool, workgroup: str, as_json: bool) -> None:
    """Print the statements that register the tables in Athena, and the questions of docs/bi.md in its SQL.

    `mart catalog` registers the same tables by Glue's own interface: one of the two is enough.

    \b
    Examples:
      mart bi athena > athena.sql
      mart bi athena --save --workgroup analysts
    """
    from mart import bi as shown
    from mart.edges import athena as edge
    from mart.edges import aws

    settings = settings_of(home, file)
    if not save:
        tables, questions = shown.tables_in_athena(settings), shown.questions_in_athena(settings)
        if as_json:
            print(json.dumps({"tables": tables, "questions": [one._asdict() for one in questions]}))
        else:
            print("\n\n".join([*tables, *(f"-- {one.name}: {one.doc}\n{one.sql};" for one in questions)]))
        return
    client, questions = aws.client("athena", settings.aws), shown.questions_in_athena(settings)
    changes = edge.save(client, workgroup, settings.glue.database, questions)
    if as_json:
        print(json.dumps([{"name": one.name, "what": one.what} for one in changes]))
    else:
        print("\n".join(f"{one.what}: {one.name}" for one in changes))


@bi.command()
@home_option
@settings_option
@click.option("--create", is_flag=True, help="Make the views instead of printing the statements.")
@json_option
def snowflake(home: Path, file: str | None, create: bool, as_json: bool) -> None:
    """Print the statements that make a view of each published table, its columns explained; or make them.

    \b
    Examples:
      mart bi snowflake > views.sql
      mart run serving/publish_snowflake && mart bi snowflake --create
    """
    from mart import bi as shown
    from mart.edges import snowflake as edge

    settings = settings_of(home, file)
    if not create:
        statements = shown.views_in_snowflake(settings)
        print(json.dumps(statements) if as_json else "\n\n".join(f"{one};" for one in statements))
        return
    if not edge.configured(settings):
        raise click.ClickException(
            "the settings name no Snowflake: set snowflake.host or snowflake.account, or `mart up`"
        )
    made, absent = shown.make_views(settings)
    if as_json:
        print(json.dumps({"views": made, "not_published": absent}))
        return
    print("\n".join(made))
    if absent:
        click.echo(f"not published yet: {', '.join(absent)} (mart run serving/publish_snowflake)", err=True)


COMMANDS: tuple[click.Command, ...] = (bi,)
