"""Upkeep beside running writers: small files become one, whole buckets are dropped, what nobody needs is deleted.

Its commits are delta-rs's, as those of the writers are (decision 0010): so in S3 one guard, the conditional write,
decides who was first (decision 0018). A join adds no row and takes none away, and says so: no change feed shows it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from delta.tables import DeltaTable
from deltalake import DeltaTable as Log
from deltalake.transaction import AddAction
from pyspark.sql import SparkSession

from mart.edges import commits, delta, lake
from mart.edges.commits import File
from mart.schema import Table
from mart.settings import Settings

LARGEST = 256_000_000  # bytes that are joined to one file
AT_ONCE = 8  # joins side by side: each is one task of Spark


def compact(spark: SparkSession, settings: Settings, table: Table, below: int | None = None) -> None:
    """Join the small files of each partition, or of the buckets `below` one. Raises Conflict."""
    opened = _opened(settings, table)
    files = commits.files(opened, table, None if below is None else _buckets(opened, lambda bucket: bucket < below))
    runs = list(_runs(files))
    if not runs:
        return

    def join(run: list[File]) -> list[AddAction]:
        rows = lake.read_files(spark, settings, table, [path for path, _ in run])
        return commits.write(settings, table, rows.coalesce(1))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        added = [replace(one, data_change=False) for made in pool.map(join, runs) for one in made]
    removed = commits.taken_away([file for run in runs for file in run], changes=False)
    commits.commit(opened, table, added, removed)


def drop_buckets(settings: Settings, table: Table, below: int) -> None:
    """Drop whole partitions of a speed table beside appends: no row of a kept file is touched. Raises Conflict."""
    if lake.exists(settings, table):
        opened = _opened(settings, table)
        gone = commits.files(opened, table, _buckets(opened, lambda bucket: bucket < below))
        if gone:
            commits.commit(opened, table, [], commits.taken_away(gone))


def vacuum(spark: SparkSession, settings: Settings, table: Table) -> None:
    """Delete files that no kept version needs (the table's own retention); commits nothing.

    Delta would note beginning and end in the log, two versions in which nothing happens; those of events are the clock.
    """
    spark.conf.set("spark.databricks.delta.vacuum.logging.enabled", "false")
    DeltaTable.forPath(spark, lake.path(settings, table)).vacuum()
    commits.sweep(settings, table)


def _opened(settings: Settings, table: Table) -> Log:
    opened = delta.open_table(settings, table.path)
    assert opened is not None, f"{table.full_name}: ask first whether it exists"
    return opened


def _buckets(opened: Log, wanted: Callable[[int], bool]) -> list[int]:
    return [bucket for bucket in (int(one["bucket"]) for one in opened.partitions()) if wanted(bucket)]


def _runs(files: list[File]) -> Iterator[list[File]]:
    """Put small files of one partition together, up to LARGEST bytes; one alone stays as it is."""
    folders = defaultdict[str, list[File]](list)
    for path, size in sorted(files):
        if size < LARGEST // 2:
            folders[str(commits.partition(path))].append((path, size))
    for small in folders.values():
        run: list[File] = []
        for file in small:
            if run and sum(size for _, size in [*run, file]) > LARGEST:
                yield run
                run = []
            run.append(file)
        if len(run) > 1:
            yield run
