"""Snowflake against the lake: each published table must equal its Delta version that is recorded there, row for row.

Both sides are streamed into DuckDB, which spills to disk, and subtracted from one another both ways.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError

from mart.edges import delta, snowflake
from mart.edges.snowflake import Warehouse
from mart.publish import current, held
from mart.schema import Table
from mart.schema.snowflake import published
from mart.settings import Settings
from mart.tables import PRICE_HISTORY, PRODUCTS_SOLD
from mart.tables.staged import MART_PRICES, MART_PRODUCTS, PRODUCT_DETAILS
from mart.tables.warehouse import PUBLISHED
from mart.verify.finding import Finding

Connect = Callable[[Settings], AbstractContextManager[Warehouse]]
SHOWN = 3  # differing rows that a finding shows of each side


def verify(settings: Settings, tables: Sequence[Table], connect: Connect = snowflake.connect) -> list[Finding]:
    """Compare every published table. Raises SnowflakeFault where Snowflake can't be asked."""
    if not snowflake.configured(settings):
        return [_finding("snowflake", "none in the settings: nothing to compare")]
    with connect(settings) as warehouse:
        if not warehouse.columns(PUBLISHED.name):
            return [_finding("snowflake", "nothing published yet")]
        return [_verify(settings, warehouse, table) for table in tables]


# Tables of the lake that refine brings into final tables of Snowflake, which may say more.
FINAL = ((PRICE_HISTORY, MART_PRICES), (PRODUCTS_SOLD, MART_PRODUCTS))


def verify_final(settings: Settings, connect: Connect = snowflake.connect) -> list[Finding]:
    """Compare the final tables of offers with the lake. While anything is staged, a run may be between the two."""
    if not snowflake.configured(settings):
        return []
    with connect(settings) as warehouse:
        return [finding for here, there in FINAL for finding in _verify_final(settings, warehouse, here, there)]


def _verify_final(settings: Settings, warehouse: Warehouse, here: Table, there: Table) -> list[Finding]:
    stands = delta.standing(settings, here)
    if stands is None or not warehouse.columns(there.name, there.layer):
        return []
    ((staged,),) = warehouse.rows(f"SELECT COUNT(*) FROM {PRODUCT_DETAILS.full_name}")
    differences = _differences(settings, warehouse, here, stands.version, there.full_name) or []
    said = "; ".join(differences) or f"equal to {here.full_name} at version {stands.version}"
    if differences and staged:
        said = f"{staged} rows are staged: run batch/refine_offers, or wait for its end ({said})"
    return [_finding(there.full_name, said, off=bool(differences) and not staged)]


def _verify(settings: Settings, warehouse: Warehouse, table: Table) -> Finding:
    say = partial(_finding, table.full_name)
    there, here = held(warehouse, table), current(settings, table)
    if there is None:
        return say("not published yet")
    if here is None or here.table_id != there.table_id:
        return say("Snowflake holds it, but the lake's table is another one: publish again", off=True)
    if there.version > here.version:
        return say(f"Snowflake says version {there.version}, the lake ends at {here.version}", off=True)
    differences = _differences(settings, warehouse, table, there.version, table.name)
    if differences is None:
        return say(f"the lake no longer keeps version {there.version}: not compared; publish again")
    stands = f"version {there.version} (the lake is at {here.version})"
    return say(f"{stands}: {'; '.join(differences) or 'equal'}", off=bool(differences))


def _differences(settings: Settings, warehouse: Warehouse, table: Table, version: int, name: str) -> list[str] | None:
    """Say which rows stand on one side only; None where the lake's files of that version are gone.

    `name` is the table's name in Snowflake.
    """
    names = [column.name for column in published(table)]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/compare.db") as duck:
        duck.execute("SET TimeZone = 'UTC'")
        try:
            rows = delta.scan(settings, table.path, version)
            assert rows is not None
            there = [name for name in names if name in rows.schema.names]
            _load(duck, "lake", table, (pa.Table.from_batches([batch]) for batch in rows.to_batches(columns=there)))
        except (OSError, DeltaError):
            return None
        _load(duck, "snowflake", table, warehouse.tables(f"SELECT {', '.join(names)} FROM {name}"))
        return [*_only_in(duck, "lake", "snowflake"), *_only_in(duck, "snowflake", "lake")]


def _load(duck: duckdb.DuckDBPyConnection, side: str, table: Table, parts: Iterable[pa.Table]) -> None:
    """Fill one side, in the declared types whatever the client made of them."""
    columns = {column.name: column.type.spark for column in published(table)}  # which duckdb spells as Spark does
    duck.execute(f"CREATE TABLE {side} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    for given in parts:
        part = given.rename_columns([name.lower() for name in given.column_names])
        values = ", ".join(f"{name}::{columns[name]} AS {name}" for name in part.column_names)
        duck.register("part", part)
        duck.execute(f"INSERT INTO {side} BY NAME SELECT {values} FROM part")
        duck.unregister("part")


def _only_in(duck: duckdb.DuckDBPyConnection, side: str, other: str) -> Iterator[str]:
    only = f"SELECT * FROM {side} EXCEPT ALL SELECT * FROM {other}"
    (count,) = duck.execute(f"SELECT count(*) FROM ({only})").fetchall()[0]
    if count:
        shown = duck.execute(f"SELECT * FROM ({only}) ORDER BY ALL LIMIT {SHOWN}").fetchall()
        examples = ", ".join(f"({', '.join(map(str, row))})" for row in shown)
        yield f"{count} rows only in {side}, e.g. {examples}"


def _finding(subject: str, detail: str, off: bool = False) -> Finding:
    return Finding("warehouse", subject, detail, off)
