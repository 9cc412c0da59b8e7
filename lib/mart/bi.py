"""What tools for business intelligence are given: Athena's statements and questions, and Snowflake's views that explain themselves.

In: declarations, and what has been published. Out: SQL to print, or views in a schema of their own, every column with its sentence.
Making them again changes nothing but what a declaration says anew.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from mart.edges import manifests, snowflake
from mart.edges.athena import Saved
from mart.edges.snowflake import Warehouse
from mart.schema import athena
from mart.schema import snowflake as sql
from mart.settings import Settings
from mart.tables import CATALOGUE, QUESTIONS, SERVED

SCHEMA = "SEMANTIC"
LAYERS = ("processed", "serving")  # what is for others to read
Connect = Callable[[Settings], AbstractContextManager[Warehouse]]


def tables_in_athena(settings: Settings) -> list[str]:
    """List the statements that make Athena's database and register the tables in it."""
    database = settings.glue.database
    shown = [table for table in CATALOGUE if table.layer in LAYERS]
    places = [athena.ddl(table, database, manifests.location(settings, table)) for table in shown]
    return [f"CREATE DATABASE IF NOT EXISTS {database};", *places]


def questions_in_athena(settings: Settings) -> list[Saved]:
    """List the questions as Athena takes them."""
    return [Saved(one.name, one.doc, athena.query(one, settings.glue.database)) for one in QUESTIONS]


def views_in_snowflake(settings: Settings) -> list[str]:
    """List the statements that make a view of every serving table."""
    begin = [f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", f"USE SCHEMA {SCHEMA}"]
    return [*begin, *(sql.view(table, settings.snowflake.schema_name) for table in SERVED)]


def make_views(settings: Settings, connect: Connect = snowflake.connect) -> tuple[list[str], list[str]]:
    """Make a view of each published table; return their names, and those of tables not published yet.

    Raises SnowflakeFault.
    """
    return snowflake.insist(settings, lambda: _make(settings, connect))


def _make(settings: Settings, connect: Connect) -> tuple[list[str], list[str]]:
    source = settings.snowflake.schema_name
    with connect(settings) as warehouse:
        there = [table for table in SERVED if warehouse.columns(table.name, source)]
        warehouse.use_schema(SCHEMA)
        for table in there:
            warehouse.rows(sql.view(table, source))
    absent = [table.full_name for table in SERVED if table not in there]
    return [f"{SCHEMA}.{table.name.upper()}" for table in there], absent
