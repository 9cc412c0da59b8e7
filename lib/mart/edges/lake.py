"""The lake: Delta tables read and written by Spark.

A write returns the version it made. A *frontier* (upstream, version) given as `at` becomes a Delta transaction id of the same
commit, so that rows and the position they stand at cannot part.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from operator import or_

from delta.exceptions import DeltaConcurrentModificationException
from delta.tables import DeltaTable
from deltalake import DeltaTable as Log
from deltalake.exceptions import CommitFailedError
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from mart.edges import commits
from mart.edges import delta as log
from mart.edges.commits import Appended
from mart.schema import Table, delta
from mart.schema import spark as types
from mart.settings import Settings

Frontier = tuple[str, int]
# Another writer committed first: read again, then write again.
Conflict = (DeltaConcurrentModificationException, CommitFailedError)


def path(settings: Settings, table: Table) -> str:
    """Tell where a table lies."""
    return f"{settings.lake}/{table.path}"


def ensure(spark: SparkSession, settings: Settings, *tables: Table) -> None:
    """Create what does not exist and add new nullable columns; call at the start of a job, never beside a stream.

    Raises ValueError where a table has a declared column with another type.
    """
    for table in tables:
        there = log.schema(settings, table)
        if there is None:
            log.create(settings, table)
        elif missing := _missing(table, StructType.fromJson(there)):
            spark.sql(delta.add(path(settings, table), tuple(table.column(name) for name in missing)))


def _missing(table: Table, schema: StructType) -> list[str]:
    there = {field.name: field.dataType for field in schema}
    declared = {field.name: field.dataType for field in types.struct(table)}
    differ = [name for name in declared.keys() & there.keys() if declared[name] != there[name]]
    if differ:
        raise ValueError(f"{table.full_name}: other types on the lake than declared: {', '.join(sorted(differ))}")
    return [name for name in table.names if name not in there]


def exists(settings: Settings, table: Table) -> bool:
    """Tell whether the lake holds the table."""
    return log.standing(settings, table) is not None


def version(settings: Settings, table: Table) -> int | None:
    """Tell the table's own newest version; None where it does not exist."""
    standing = log.standing(settings, table)
    return standing.version if standing else None


def frontier(settings: Settings, table: Table, upstream: str = "events") -> int | None:
    """Tell the version of its upstream that the table stands at; None where it has never followed."""
    standing = log.standing(settings, table, upstream)
    return standing.frontier if standing else None


def read(spark: SparkSession, settings: Settings, table: Table, version: int | None = None) -> DataFrame:
    """Read a table, at a version if one is given; no rows where it does not exist yet."""
    if not exists(settings, table):
        return spark.createDataFrame([], types.struct(table))
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    return reader.load(path(settings, table))


def read_partitions(
    spark: SparkSession,
    settings: Settings,
    table: Table,
    values: Collection[object],
    version: int | None = None,
    within: commits.Within | None = None,
) -> DataFrame:
    """Read whole partitions, or the rows in them `within` some spans, by the names of their files.

    A small read without Delta's snapshot, which is rebuilt in Spark jobs after each commit (decision 0010).
    """
    opened = _opened(settings, table, version)
    found = [file for file, _ in commits.files(opened, table, values, within)]
    rows = read_files(spark, settings, table, found)
    return rows.where(_any_of(within)) if within and found else rows


def read_files(spark: SparkSession, settings: Settings, table: Table, files: Collection[str]) -> DataFrame:
    """Read files of a table by their paths below it; the folders that they lie in are the partition columns."""
    if not files:
        return spark.createDataFrame([], types.struct(table))
    found = [f"{path(settings, table)}/{file}" for file in files]
    inside = StructType([field for field in types.struct(table) if field.name not in table.partition])
    rows = spark.read.schema(inside).option("recursiveFileLookup", "true").parquet(*found)
    folders = {name: _folder(name).cast(table.column(name).type.spark) for name in table.partition}
    return rows.withColumns(folders).select(*table.names)


def _folder(name: str) -> Column:
    """Take a partition column's value out of a file's address: escaped as a folder's name, and as part of an address."""
    value = F.regexp_extract(F.col("_metadata.file_path"), f"/{name}=([^/]+)/", 1)
    for _ in range(2):
        value = F.url_decode(F.replace(value, F.lit("+"), F.lit("%2B")))
    return F.nullif(value, F.lit(commits.NOBODY))


def _any_of(within: commits.Within) -> Column:
    name, spans = within
    return reduce(or_, (F.col(name).between(first, last) for first, last in spans))


def append(settings: Settings, table: Table, frame: DataFrame, at: Frontier | None = None) -> Appended:
    """Append rows; nothing is written where the table already stands at the frontier. Raises Conflict."""
    opened = _opened(settings, table)
    if _reached(opened, at):
        return Appended(opened.version(), 0)
    added = commits.write(settings, table, _declared(frame, table))
    return commits.commit(opened, table, added, at=at)


def replace(settings: Settings, table: Table, frame: DataFrame, values: Collection[object], at: Frontier) -> None:
    """Put rows in the place of whole partitions; nothing is written where the table already stands at the frontier.

    In: rows that lie in the partitions `values`; where there are none of both, the frontier moves all the same. Raises Conflict.
    """
    opened = _opened(settings, table)
    if not _reached(opened, at):
        added = commits.write(settings, table, _declared(frame, table))
        commits.commit(opened, table, added, commits.taken_away(commits.files(opened, table, values)), at)


def _opened(settings: Settings, table: Table, version: int | None = None) -> Log:
    opened = log.open_table(settings, table.path, version)
    assert opened is not None, f"{table.full_name}: call ensure at the start of a job"
    return opened


def _reached(opened: Log, at: Frontier | None) -> bool:
    stands = opened.transaction_version(at[0]) if at else None
    return at is not None and stands is not None and stands >= at[1]


def overwrite(
    settings: Settings,
    table: Table,
    frame: DataFrame,
    at: Frontier | None = None,
    where: str | None = None,
    anew: bool = False,
) -> None:
    """Replace the whole table, or the rows that `where` covers, in one commit.

    Nothing is written where the table already stands at the frontier: somebody else has been there. With `anew` it is
    written all the same (`--full` on unchanged events): the transaction id that is there already says the truth.
    """
    if at and anew and frontier(settings, table, at[0]) == at[1]:
        at = None
    if where:
        _writer(frame, table, at).mode("overwrite").option("replaceWhere", where).save(path(settings, table))
    elif not _reached(opened := _opened(settings, table), at):
        added = commits.write(settings, table, _declared(frame, table))
        commits.commit(opened, table, added, commits.taken_away(commits.files(opened, table)), at)


def merge(
    spark: SparkSession,
    settings: Settings,
    table: Table,
    frame: DataFrame,
    newer: str | None = None,
    since: tuple[str, datetime] | None = None,
    at: Frontier | None = None,
) -> None:
    """Bring rows in by their key, each key once; nothing is written where the table already stands at the frontier.

    With `newer`, a row that is there stays unless the new one's column of that name is later. Rows that say `_deleted` take
    away what is there. `since` names a column and a bound that no row lies below: files that end before are not looked into.
    """
    same = " AND ".join(f"t.`{name}` = s.`{name}`" for name in table.key)
    if since:
        same += f" AND t.`{since[0]}` >= TIMESTAMP '{since[1]:%Y-%m-%d %H:%M:%S.%f}Z'"
    leaves = "_deleted" in frame.columns
    source = _declared(frame, table, *["_deleted"] * leaves).alias("s")
    merging = DeltaTable.forPath(spark, path(settings, table)).alias("t").merge(source, same)
    values = {f"`{name}`": f"s.`{name}`" for name in table.names}
    if leaves:
        merging = merging.whenMatchedDelete("s._deleted")
    merging = merging.whenMatchedUpdate(f"s.`{newer}` > t.`{newer}`" if newer else None, values)  # type: ignore[arg-type]
    merging = merging.whenNotMatchedInsert("NOT s._deleted" if leaves else None, values)  # type: ignore[arg-type]
    with _transaction(spark, at):
        merging.execute()


@contextmanager
def _transaction(spark: SparkSession, at: Frontier | None) -> Iterator[None]:
    """Make the frontier the transaction id of the DML inside; Delta takes it from the session's settings."""
    names = ("spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion")
    for name, value in zip(names, at or (), strict=False):
        spark.conf.set(name, str(value))
    try:
        yield
    finally:
        for name in names:
            spark.conf.unset(name)


def _writer(frame: DataFrame, table: Table, at: Frontier | None) -> DataFrameWriter:
    writer = _declared(frame, table).write.format("delta")
    if table.partition:
        writer = writer.partitionBy(*table.partition)
    if at is None:
        return writer
    upstream, version = at
    return writer.option("txnAppId", upstream).option("txnVersion", version)


def _declared(frame: DataFrame, table: Table, *others: str) -> DataFrame:
    return frame.select(*(F.col(f"`{c.name}`").cast(c.type.spark).alias(c.name) for c in table.columns), *others)
