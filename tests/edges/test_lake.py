"""Rows and their frontier in one commit: what Delta's own writer would have done, and what it would have refused."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from mart.edges import commits, lake, upkeep
from mart.edges import delta as log
from mart.schema import DATE, LONG, STRING, TIMESTAMP, Column, Table, delta
from mart.schema import spark as types
from mart.settings import Settings
from mart.tables import CATALOGUE

SEEN = Table(
    name="seen",
    layer="serving",
    doc="A table with everything that a write must mind.",
    columns=(
        Column("name", STRING, "Key."),
        Column("at", TIMESTAMP, "Key."),
        Column("times", LONG, "Checked."),
        Column("day", DATE, "Partition."),
    ),
    key=("name", "at"),
    partition=("day",),
    checks={"not_negative": "times >= 0"},
)
DAYS = [date(2026, 11, day) for day in (1, 2, 3)]
NOON = datetime(2026, 11, 1, 12)  # noqa: DTZ001 (Spark takes and gives instants without a zone, in UTC)
Row = tuple[str | None, datetime, int | None, date]


def row(name: str | None, day: date, times: int | None = 1, hour: int = 12) -> Row:
    return name, NOON.replace(day=day.day, hour=hour, microsecond=123456), times, day


class Lake:
    """One table on a lake of its own."""

    def __init__(self, spark: SparkSession, home: Path) -> None:
        self.spark, self.settings = spark, Settings.read(home=home)
        lake.ensure(spark, self.settings, SEEN)
        self.place = lake.path(self.settings, SEEN)

    def frame(self, *rows: Row) -> DataFrame:
        nullable = types.struct(SEEN)
        for field in nullable:
            field.nullable = True
        return self.spark.createDataFrame(rows, nullable)

    def append(self, *rows: Row, at: lake.Frontier | None = None) -> lake.Appended:
        return lake.append(self.settings, SEEN, self.frame(*rows), at)

    def rows(self) -> set[tuple[object, ...]]:
        """The rows as Spark reads them, which is as delta-rs does."""
        spark = {tuple(row) for row in lake.read(self.spark, self.settings, SEEN).collect()}
        arrow = DeltaTable(self.place).to_pyarrow_table().num_rows
        assert len(spark) == arrow
        return spark

    @property
    def version(self) -> int | None:
        return lake.version(self.settings, SEEN)


@pytest.fixture
def there(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


@pytest.mark.parametrize("table", CATALOGUE, ids=lambda table: table.full_name)
def test_a_table_that_is_made_is_the_declared_one_to_spark_and_asks_little_of_others(
    spark: SparkSession, tmp_path: Path, table: Table
) -> None:
    settings = Settings.read(home=tmp_path)
    lake.ensure(spark, settings, table)
    lake.ensure(spark, settings, table)
    opened = DeltaTable(lake.path(settings, table))
    assert opened.version() == 0
    assert (opened.protocol().min_reader_version, opened.metadata().partition_columns) == (1, list(table.partition))
    assert opened.metadata().configuration == delta.properties(table)
    fields = json.loads(opened.schema().to_json())["fields"]
    assert [(one["name"], one["nullable"], one["metadata"]["comment"]) for one in fields] == [
        (column.name, column.name not in table.key, column.doc) for column in table.columns
    ]
    there = StructType.fromJson(log.schema(settings, table) or {})
    assert [field.dataType for field in there] == [field.dataType for field in types.struct(table)]


def test_spark_itself_refuses_what_breaks_a_condition(there: Lake) -> None:
    refusals = (PySparkException, Py4JJavaError)
    with pytest.raises(refusals, match="not_negative"):
        there.frame(row("a", DAYS[0], -1)).write.format("delta").mode("append").save(there.place)
    with pytest.raises(refusals, match=r"(?i)not.null"):
        there.frame(row(None, DAYS[0])).write.format("delta").mode("append").save(there.place)
    assert there.rows() == set()


def test_rows_and_their_frontier_are_one_commit(there: Lake) -> None:
    rows = [row("a", DAYS[0]), row("b", DAYS[1], None)]
    assert there.append(*rows, at=("events", 7)) == lake.Appended(version=1, rows=2)
    assert there.rows() == set(rows)
    assert lake.frontier(there.settings, SEEN) == 7


def test_what_stands_at_the_frontier_is_written_no_second_time(there: Lake) -> None:
    there.append(row("a", DAYS[0]), at=("events", 7))
    for stale in (7, 6):
        assert there.append(row("b", DAYS[0]), at=("events", stale)) == lake.Appended(version=1, rows=0)
        lake.replace(there.settings, SEEN, there.frame(row("b", DAYS[0])), DAYS, at=("events", stale))
    assert there.rows() == {row("a", DAYS[0])}


def test_no_rows_move_the_frontier_all_the_same(there: Lake) -> None:
    assert there.append(at=("events", 3)) == lake.Appended(version=1, rows=0)
    assert lake.frontier(there.settings, SEEN) == 3


@pytest.mark.parametrize("bad", [row(None, DAYS[0]), row("a", DAYS[0], -1)], ids=["key missing", "check broken"])
def test_a_row_that_breaks_a_condition_fails_the_whole_write(there: Lake, bad: Row) -> None:
    with pytest.raises(PySparkException, match=r"serving\.seen: a row without a key, or one that breaks not_negative"):
        there.append(row("good", DAYS[0]), bad, at=("events", 1))
    assert there.version == 0
    assert there.rows() == set()


def test_two_that_move_one_frontier_are_in_conflict(there: Lake) -> None:
    early = DeltaTable(there.place)
    there.append(row("a", DAYS[0]), at=("events", 1))
    added = commits.write(there.settings, SEEN, there.frame(row("b", DAYS[0])))
    with pytest.raises(lake.Conflict):
        commits.commit(early, SEEN, added, at=("events", 2))
    assert there.rows() == {row("a", DAYS[0])}


def test_two_that_replace_the_same_files_are_in_conflict(there: Lake) -> None:
    there.append(row("a", DAYS[0]))
    early = DeltaTable(there.place)
    lake.replace(there.settings, SEEN, there.frame(row("b", DAYS[0])), DAYS[:1], at=("one", 1))
    added = commits.write(there.settings, SEEN, there.frame(row("c", DAYS[0])))
    with pytest.raises(lake.Conflict):
        commits.commit(early, SEEN, added, commits.taken_away(commits.files(early, SEEN, DAYS[:1])), at=("other", 1))
    assert there.rows() == {row("b", DAYS[0])}


def test_appends_beside_one_another_both_come_and_each_knows_its_version(there: Lake) -> None:
    one, other = DeltaTable(there.place), DeltaTable(there.place)
    for number, opened in enumerate((one, other), 1):
        added = commits.write(there.settings, SEEN, there.frame(row(str(number), DAYS[0])))
        assert commits.commit(opened, SEEN, added) == lake.Appended(version=number, rows=1)
    assert there.rows() == {row("1", DAYS[0]), row("2", DAYS[0])}


def test_only_the_partitions_that_are_named_are_replaced(there: Lake) -> None:
    lake.overwrite(there.settings, SEEN, there.frame(*(row("old", day) for day in DAYS)))
    by_delta = there.frame(row("older", DAYS[1]))
    lake.overwrite(there.settings, SEEN, by_delta, where=f"day = '{DAYS[1]}'")
    lake.replace(there.settings, SEEN, there.frame(row("new", DAYS[0])), DAYS[:2], at=("events", 1))
    assert there.rows() == {row("new", DAYS[0]), row("old", DAYS[2])}


def test_partitions_are_read_at_a_version_and_by_their_times(there: Lake) -> None:
    morning, evening = row("morning", DAYS[0], hour=8), row("evening", DAYS[0], hour=20)
    there.append(morning, row("other", DAYS[1]))
    pinned = there.append(evening).version
    there.append(row("late", DAYS[0]))

    def read(**what: object) -> set[tuple[object, ...]]:
        return {tuple(r) for r in lake.read_partitions(there.spark, there.settings, SEEN, DAYS[:1], **what).collect()}  # type: ignore[arg-type]

    assert read(version=pinned) == {morning, evening}
    assert read(version=pinned, within=("at", [(NOON, NOON + timedelta(hours=12))])) == {evening}
    assert read(version=0) == set()


def test_a_file_outside_the_times_is_not_even_opened(there: Lake) -> None:
    there.append(row("morning", DAYS[0], hour=8))
    there.append(row("evening", DAYS[0], hour=20))
    opened = DeltaTable(there.place)
    assert len(commits.files(opened, SEEN, DAYS[:1])) == 2
    (left,) = commits.files(opened, SEEN, DAYS[:1], ("at", [(NOON, NOON + timedelta(hours=12))]))
    assert left in commits.files(opened, SEEN, DAYS[:1])


def test_spark_skips_files_by_the_bounds_that_we_wrote(there: Lake) -> None:
    there.append(row("a", DAYS[0], hour=8))
    there.append(row("b", DAYS[0], hour=20))
    for condition in ("name = 'b'", "at > TIMESTAMP'2026-11-01 12:00:00'"):
        found = lake.read(there.spark, there.settings, SEEN).where(condition)
        assert [r["name"] for r in found.collect()] == ["b"]
        scan = found._jdf.queryExecution().executedPlan().collectLeaves().head()
        assert scan.metrics().apply("numFiles").value() == 1


def test_more_commits_than_a_checkpoint_covers_are_read_by_spark_and_followed(there: Lake) -> None:
    for number in range(1, 106):  # a checkpoint each hundred
        commits.commit(DeltaTable(there.place), SEEN, [], at=("events", number))
    there.append(row("a", DAYS[0]), at=("events", 106))
    assert Path(there.place, "_delta_log", "_last_checkpoint").exists()
    there.spark.catalog.clearCache()
    assert there.rows() == {row("a", DAYS[0])}
    assert lake.frontier(there.settings, SEEN) == 106


def test_small_files_of_a_partition_are_joined_once(there: Lake) -> None:
    rows = [row("a", DAYS[0]), row("b", DAYS[0]), row("c", DAYS[1])]
    for number, one in enumerate(rows, 1):
        there.append(one, at=("events", number))
    alone = commits.files(DeltaTable(there.place), SEEN, [DAYS[1]])
    for _ in range(2):
        upkeep.compact(there.spark, there.settings, SEEN)
        opened = DeltaTable(there.place)
        assert (len(commits.files(opened, SEEN, [DAYS[0]])), commits.files(opened, SEEN, [DAYS[1]])) == (1, alone)
    assert there.rows() == set(rows)
    assert (there.version, lake.frontier(there.settings, SEEN)) == (4, 3)


def joined(there: Lake, opened: DeltaTable) -> None:
    """Join what one saw who opened the table earlier."""
    files = commits.files(opened, SEEN)
    frame = lake.read_files(there.spark, there.settings, SEEN, [path for path, _ in files])
    added = [replace(one, data_change=False) for one in commits.write(there.settings, SEEN, frame.coalesce(1))]
    commits.commit(opened, SEEN, added, commits.taken_away(files, changes=False))


def test_a_join_and_an_append_beside_it_both_come(there: Lake) -> None:
    there.append(row("a", DAYS[0]))
    there.append(row("b", DAYS[0]))
    early = DeltaTable(there.place)
    there.append(row("c", DAYS[0]), at=("events", 1))
    joined(there, early)
    assert there.rows() == {row(name, DAYS[0]) for name in "abc"}
    assert lake.frontier(there.settings, SEEN) == 1


def test_a_join_of_files_that_were_replaced_meanwhile_is_in_conflict(there: Lake) -> None:
    there.append(row("a", DAYS[0]))
    early = DeltaTable(there.place)
    lake.overwrite(there.settings, SEEN, there.frame(row("b", DAYS[0])), at=("events", 1))
    with pytest.raises(lake.Conflict):
        joined(there, early)
    assert there.rows() == {row("b", DAYS[0])}


def test_two_that_make_the_whole_table_anew_are_in_conflict_also_where_it_was_empty(there: Lake) -> None:
    early = DeltaTable(there.place)
    lake.overwrite(there.settings, SEEN, there.frame(row("a", DAYS[0])), at=("events", 1))
    added = commits.write(there.settings, SEEN, there.frame(row("b", DAYS[0])))
    with pytest.raises(lake.Conflict):
        commits.commit(early, SEEN, added, commits.taken_away(commits.files(early, SEEN)), at=("events", 2))
    assert there.rows() == {row("a", DAYS[0])}


def test_what_killed_writes_left_is_swept_when_nobody_can_be_at_it(there: Lake) -> None:
    there.append(row("a", DAYS[0]))
    left = Path(there.place, "rows-1", "_temporary", "0", "part-1.parquet")
    at_work = Path(there.place, "rows-2", "_temporary", "0", "part-2.parquet")
    for file in (left, at_work):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"half")
    old = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    os.utime(left, (old, old))
    upkeep.vacuum(there.spark, there.settings, SEEN)
    assert (left.exists(), at_work.exists()) == (False, True)
    assert there.rows() == {row("a", DAYS[0])}
