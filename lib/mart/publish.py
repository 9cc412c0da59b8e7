"""Bring what changed in the serving tables since they were last published into Snowflake.

In: serving tables, each at the version that it has now, and Snowflake's record of what it holds. Out: the same rows in
Snowflake, with the record, in one transaction a table. Doing it again changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession

from mart.edges import changefeed, delta, lake, outbox, snowflake
from mart.edges.snowflake import Warehouse
from mart.schema import Table
from mart.schema import snowflake as sql
from mart.schema.snowflake import Found
from mart.settings import Settings
from mart.tables.warehouse import PUBLISHED
from mart.views import changes

Connect = Callable[[Settings], AbstractContextManager[Warehouse]]


class NotPublishable(RuntimeError):
    """Tables differ in more than new nullable columns; nothing was changed."""


class Overtaken(RuntimeError):
    """Another run published the table meanwhile."""


@dataclass(frozen=True)
class Edition:
    """A state of a table: what Snowflake holds, or what it shall hold."""

    table_id: str
    version: int
    frontier: int | None


@dataclass(frozen=True)
class Delivery:
    """What was published of a table, `staged` rows of it; none where Snowflake held this version."""

    table: str
    version: int
    whole: bool = False
    staged: int = 0


def publish(
    spark: SparkSession, settings: Settings, tables: Sequence[Table], connect: Connect = snowflake.connect
) -> list[Delivery]:
    """Publish every table that exists on the lake. Raises NotPublishable, Overtaken and SnowflakeFault."""
    pinned = [(table, edition) for table in tables if (edition := current(settings, table))]
    before = snowflake.insist(settings, lambda: _prepare(settings, [table for table, _ in pinned], connect))
    return [_publish(spark, settings, table, before[table.name], now, connect) for table, now in pinned]


def current(settings: Settings, table: Table) -> Edition | None:
    """Pin the table as the lake has it; None where it does not exist yet."""
    opened = delta.open_table(settings, table.path)
    if opened is None:
        return None
    return Edition(str(opened.metadata().id), opened.version(), opened.transaction_version("events"))


def held(warehouse: Warehouse, table: Table) -> Edition | None:
    """Read what Snowflake holds of the table; None where nothing was published yet."""
    query = "SELECT table_id, version, frontier FROM _published WHERE table_name = %s AND version IS NOT NULL"
    found = warehouse.rows(query, table.name)
    return Edition(*found[0]) if found else None


def _prepare(settings: Settings, tables: Sequence[Table], connect: Connect) -> dict[str, Edition | None]:
    """Make Snowflake's tables as declared, all checks and DDL before the first row is sent; tell what each holds."""
    with connect(settings) as warehouse:
        warehouse.use_schema(settings.snowflake.schema_name)
        found = {table.name: warehouse.columns(table.name) for table in tables}
        _check(tables, found)
        warehouse.rows(sql.ddl(PUBLISHED))
        for table in tables:
            _shape(warehouse, table, found[table.name])
        return {table.name: held(warehouse, table) for table in tables}


def _check(tables: Iterable[Table], found: Mapping[str, Sequence[Found]]) -> None:
    """Raise NotPublishable where a table that exists differs in more than new nullable columns."""
    differing = [(table, sql.differences(table, found[table.name])) for table in tables if found[table.name]]
    faults = [f"{table.full_name}: {', '.join(differences)}" for table, differences in differing if differences]
    if faults:
        raise NotPublishable(
            f"Snowflake has other tables than declared; nothing was changed. {'; '.join(faults)}. "
            "Only new nullable columns can be added: rename or drop such a table there, and it is published anew"
        )


def _shape(warehouse: Warehouse, table: Table, found: Sequence[Found]) -> None:
    """Create the table, or add its new columns."""
    if found:
        for statement in sql.alter(table, sql.missing(table, found)):
            warehouse.rows(statement)
    else:  # the record of a table that was dropped would be a lie about the new one
        warehouse.change("DELETE FROM _published WHERE table_name = %s", table.name)
        warehouse.rows(sql.ddl(table))


def _publish(
    spark: SparkSession, settings: Settings, table: Table, before: Edition | None, now: Edition, connect: Connect
) -> Delivery:
    if before == now:
        return Delivery(table.full_name, now.version)
    parcels, whole = pack(spark, settings, table, before, now)
    snowflake.insist(settings, lambda: deliver(settings, table, parcels, before, now, whole, connect))
    outbox.empty(settings, table)
    return Delivery(table.full_name, now.version, whole, sum(parcel.rows for parcel in parcels))


def pack(
    spark: SparkSession, settings: Settings, table: Table, before: Edition | None, now: Edition
) -> tuple[list[outbox.Parcel], bool]:
    """Write what Snowflake must be told into the outbox; true where that is the whole table, not only its changes."""

    def write(staged: DataFrame) -> list[outbox.Parcel]:
        return outbox.write(settings, table, staged, settings.snowflake.rows_per_file)

    if before and before.table_id == now.table_id and before.version < now.version:
        try:
            feed = changefeed.feed(spark, settings, table, before.version, now.version)
            with changefeed.kept(table, before.version, now.version):
                return write(changes.net(feed, table)), False
        except changefeed.FeedGone:
            pass  # the whole table says the same, only longer
    return write(changes.whole(lake.read(spark, settings, table, now.version), table)), True


def deliver(
    settings: Settings,
    table: Table,
    parcels: Sequence[outbox.Parcel],
    before: Edition | None,
    now: Edition,
    whole: bool,
    connect: Connect,
) -> None:
    """Load what was packed and make it, with its record, the state of Snowflake. Raises Overtaken and SnowflakeFault."""
    with connect(settings) as warehouse:
        if held(warehouse, table) == now:  # our own COMMIT, whose answer was lost
            return
        _announce(warehouse, table)
        load(settings, warehouse, table, parcels)
        with warehouse.transaction():
            _claim(warehouse, table, before, now)
            if whole:
                warehouse.change(sql.prune(table))
            warehouse.change(sql.merge(table))
            count = f"UPDATE _published SET row_count = (SELECT COUNT(*) FROM {table.name}) WHERE table_name = %s"
            warehouse.change(count, table.name)


def _announce(warehouse: Warehouse, table: Table) -> None:
    """Make sure that the table has a record to claim."""
    warehouse.change(
        "INSERT INTO _published (table_name) SELECT %s WHERE NOT EXISTS (SELECT 1 FROM _published WHERE table_name = %s)",
        table.name,
        table.name,
    )


def load(settings: Settings, warehouse: Warehouse, table: Table, parcels: Sequence[outbox.Parcel]) -> None:
    """Load the files into a staging of this session. Raises SnowflakeFault where a row is missing."""
    warehouse.rows(sql.staging_ddl(table))
    for parcel in parcels:
        with outbox.read(settings, table, parcel) as content:
            warehouse.put(parcel.name, content, f"@%{sql.staging(table)}")
    if parcels:
        warehouse.rows(sql.copy(table))
    ((staged,),) = warehouse.rows(f"SELECT COUNT(*) FROM {sql.staging(table)}")
    if staged != (sent := sum(parcel.rows for parcel in parcels)):
        raise snowflake.Refused(f"Snowflake: {table.full_name}: {sent} rows were put, {staged} were loaded")


def _claim(warehouse: Warehouse, table: Table, before: Edition | None, now: Edition) -> None:
    """Replace the record of `before` by that of `now`, first of all: the row's lock keeps another run out until we commit."""
    claimed = warehouse.change(
        "UPDATE _published SET table_id = %s, version = %s, frontier = %s, published_at = %s "
        "WHERE table_name = %s AND table_id IS NOT DISTINCT FROM %s AND version IS NOT DISTINCT FROM %s",
        now.table_id,
        now.version,
        now.frontier,
        datetime.now(UTC).replace(tzinfo=None),
        table.name,
        before and before.table_id,
        before and before.version,
    )
    if claimed != 1:
        raise Overtaken(f"{table.full_name} was published by another run meanwhile; publish again")
