"""Publishing serving tables to Snowflake: whole, changes only, again, killed, refused, and with Snowflake away."""

import multiprocessing
import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import deltalake
import pytest
from pyspark.sql import SparkSession

from mart import job, publish
from mart.edges import lake, snowflake
from mart.edges.snowflake import Warehouse
from mart.local import services
from mart.publish import Delivery, NotPublishable, Overtaken
from mart.schema import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    HLL,
    INT,
    LONG,
    MONEY,
    REVENUE,
    STRING,
    TIMESTAMP,
    Column,
    Table,
    estimate,
)
from mart.schema import (
    spark as types,
)
from mart.settings import Settings
from mart.tables import SALES, SERVED
from mart.verify import warehouse
from mart.verify.finding import Finding

FEED = {"delta.enableChangeDataFeed": "true"}
THINGS = Table(
    layer="serving",
    name="things",
    doc="A column of each type that is published, and a sketch, which is not.",
    columns=(
        Column("thing", STRING, "Its name."),
        Column("day", DATE, "A day."),
        Column("made_at", TIMESTAMP, "An instant, UTC."),
        Column("price", MONEY, "A price."),
        Column("revenue", REVENUE, "A value."),
        Column("score", DOUBLE, "A score."),
        Column("rank", INT, "A place."),
        Column("seen", BOOLEAN, "Whether somebody saw it."),
        Column("shoppers", LONG, "How many, estimated.", fold=estimate("sketch")),
        Column("sketch", BINARY, "The sketch.", fold=HLL),
    ),
    key=("thing", "day"),
    properties=FEED,
)
DAY = date(2026, 11, 21)
AT = datetime(2026, 11, 21, 23, 59, 59, 999_999, tzinfo=UTC)
LARGE = Decimal("1234567890123456789012345678901234.5678")
Row = tuple[object, ...]


def thing(name: str, price: str = "1.5", at: datetime | None = AT, sketch: bytes = b"\x01") -> Row:
    return (name, DAY, at, Decimal(price), LARGE, 0.1, 7, True, 2**62, sketch)


NOTHING = ("nothing known", DAY, None, None, None, None, None, None, None, None)
FIRST = [thing("a"), thing("b", at=datetime(1969, 12, 31, tzinfo=UTC)), thing("c", "-0.0001"), NOTHING]


@dataclass
class Shop:
    """A lake and a Snowflake schema of one test, and the statements that were sent."""

    spark: SparkSession
    settings: Settings
    sent: list[str] = field(default_factory=list)

    def connect(self, settings: Settings) -> AbstractContextManager[Warehouse]:
        return snowflake.connect(settings, self.sent.append)

    def write(self, rows: list[Row], table: Table = THINGS) -> int:
        """Make these the rows of the table on the lake."""
        lake.ensure(self.spark, self.settings, table)
        lake.overwrite(self.settings, table, self.spark.createDataFrame(rows, types.struct(table)))
        return lake.version(self.settings, table) or 0

    def publish(self, table: Table = THINGS) -> Delivery:
        self.sent.clear()
        (delivery,) = publish.publish(self.spark, self.settings, [table], self.connect)
        return delivery

    def rows(self, query: str) -> list[Row]:
        with snowflake.connect(self.settings) as session:
            return session.rows(query)

    def verify(self, table: Table = THINGS) -> Finding:
        (finding,) = warehouse.verify(self.settings, [table])
        return finding

    def is_equal(self, rows: list[Row]) -> bool:
        """Compare Snowflake with rows as they were given, and ask `verify` as well."""
        plain = [tuple(v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row[:-1]) for row in rows]
        names = ", ".join(THINGS.names[:-1])
        found = self.rows(f"SELECT {names} FROM things ORDER BY thing")
        return found == sorted(plain) and not self.verify().off


@pytest.fixture
def shop(spark: SparkSession, snowflake_up: Settings, tmp_path: Path) -> Shop:
    at = snowflake_up.snowflake.model_copy(update={"schema_name": f"T_{uuid.uuid4().hex}", "backoff_seconds": 0.5})
    return Shop(spark, snowflake_up.model_copy(update={"lake": str(tmp_path / "lake"), "snowflake": at}))


def test_a_table_arrives_whole_then_only_what_differs_then_nothing(shop: Shop) -> None:
    version = shop.write(FIRST)
    assert shop.publish() == Delivery("serving.things", version, whole=True, staged=4)
    assert shop.is_equal(FIRST)

    second = [thing("a", sketch=b"\x02"), thing("c", "9"), thing("d"), NOTHING]  # b goes, c changes, d comes
    version = shop.write(second)
    assert shop.publish() == Delivery("serving.things", version, whole=False, staged=3)
    assert shop.is_equal(second)

    assert shop.publish() == Delivery("serving.things", version)
    assert "BEGIN" not in shop.sent
    assert shop.rows("SELECT table_name, version, frontier, row_count FROM _published") == [
        ("things", version, None, 4)
    ]
    assert not list(Path(shop.settings.lake, "_outbox").rglob("*.parquet"))


def test_no_ddl_stands_between_begin_and_commit(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    begin, commit = shop.sent.index("BEGIN"), shop.sent.index("COMMIT")
    inside = [statement.split()[0] for statement in shop.sent[begin + 1 : commit]]
    assert inside == ["UPDATE", "DELETE", "MERGE", "UPDATE"]
    before = [statement.split()[0] for statement in shop.sent[:begin]]
    assert before.index("CREATE") < before.index("PUT") < before.index("COPY")
    assert len(shop.sent) == commit + 1


def test_a_new_nullable_column_arrives_by_alter_table(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    wider = replace(THINGS, columns=(*THINGS.columns, Column("colour", STRING, "A thing's colour.")))
    assert shop.publish(wider).staged == 0  # the lake has no such column yet
    assert [statement for statement in shop.sent if statement.startswith("ALTER")] == [
        "ALTER TABLE things ADD COLUMN colour VARCHAR COMMENT 'A thing’s colour.'"
    ]
    shop.write([(*thing("a"), "red"), (*thing("b"), None)], wider)
    shop.publish(wider)
    assert shop.rows("SELECT thing, colour FROM things ORDER BY thing") == [("a", "red"), ("b", None)]
    assert not shop.verify(wider).off


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"columns": tuple(replace(c, type=DOUBLE) if c.name == "price" else c for c in THINGS.columns)},
            r"serving\.things: price is NUMBER\(18,4\) there, declared as FLOAT",
        ),
        ({"columns": tuple(c for c in THINGS.columns if c.name != "rank")}, r"serving\.things: rank is not declared"),
        ({"key": ("thing",)}, r"serving\.things: the key is \(day, thing\) there, declared as \(thing\)"),
    ],
)
def test_any_other_change_is_refused_before_anything_is_done(shop: Shop, changed: dict, says: str) -> None:
    shop.write(FIRST)
    shop.publish()
    lake.append(shop.settings, THINGS, shop.spark.createDataFrame([thing("z")], types.struct(THINGS)))
    with pytest.raises(NotPublishable, match=says):
        shop.publish(replace(THINGS, **changed))
    assert {statement.split()[0] for statement in shop.sent} == {"SELECT", "USE"}
    assert shop.rows("SELECT COUNT(*) FROM things") == [(4,)]


def test_the_whole_table_is_sent_when_the_feed_is_gone(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    shop.write([thing("x")])
    second = [thing("a"), thing("d")]
    shop.write(second)
    vacuumed = deltalake.DeltaTable(lake.path(shop.settings, THINGS)).vacuum(
        0, enforce_retention_duration=False, dry_run=False
    )
    assert vacuumed
    delivery = shop.publish()
    assert (delivery.whole, delivery.staged) == (True, 2)
    assert shop.is_equal(second)


def test_the_whole_table_is_sent_when_the_log_is_gone(shop: Shop) -> None:
    """Log cleanup leaves a log that begins with a checkpoint."""
    shop.write(FIRST)
    published = shop.publish().version
    shop.write([thing("x")])
    second = [thing("a"), thing("d")]
    last = shop.write(second)
    place = lake.path(shop.settings, THINGS)
    deltalake.DeltaTable(place).create_checkpoint()
    for version in range(last):
        for file in Path(place, "_delta_log").glob(f"*{version:020}.*"):
            file.unlink()
    assert last > published + 1
    assert shop.publish().whole
    assert shop.is_equal(second)


def test_a_recreated_table_is_sent_whole_though_its_version_has_been_published(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    shutil.rmtree(lake.path(shop.settings, THINGS))
    shop.write([thing("new")])
    assert shop.verify().off
    assert shop.publish().whole
    assert shop.is_equal([thing("new")])


def test_a_table_dropped_in_snowflake_is_made_and_filled_anew(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    shop.rows("DROP TABLE things")
    assert shop.publish().whole
    assert shop.is_equal(FIRST)


def test_a_run_that_was_overtaken_changes_nothing(shop: Shop) -> None:
    shop.write(FIRST)
    now = publish.current(shop.settings, THINGS)
    assert now
    shop.publish()
    older = replace(now, version=now.version - 1)
    with pytest.raises(Overtaken, match=r"serving\.things was published by another run"):
        publish.deliver(shop.settings, THINGS, [], None, older, True, shop.connect)
    assert "ROLLBACK" in shop.sent
    assert shop.is_equal(FIRST)


def test_a_run_killed_at_any_point_leaves_nothing_half_done(shop: Shop) -> None:
    shop.write(FIRST)
    shop.publish()
    (before,) = (publish.Edition(*row) for row in shop.rows("SELECT table_id, version, frontier FROM _published"))
    second = [thing("c", "9"), thing("d")]
    shop.write(second)
    now = publish.current(shop.settings, THINGS)
    assert now
    parcels, whole = publish.pack(shop.spark, shop.settings, THINGS, before, now)
    for point in ("COPY", "BEGIN", "MERGE", "COMMIT"):
        connect = partial(snowflake.connect, observe=partial(_die_before, point))
        _killed(shop.settings, THINGS, parcels, before, now, whole, connect)
        assert shop.rows("SELECT thing FROM things ORDER BY thing") == [(row[0],) for row in FIRST]
    assert shop.publish() == Delivery("serving.things", now.version, whole=False, staged=5)
    assert shop.is_equal(second)


def _killed(*delivery: object) -> None:
    """Deliver in a child process, which is killed in doing so."""
    child = multiprocessing.get_context("spawn").Process(target=_deliver, args=delivery)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def _deliver(settings: Settings, *delivery: Any) -> None:  # noqa: ANN401
    """Deliver as a job does: patiently, for the lock of the child that was killed before us."""
    snowflake.insist(settings, lambda: publish.deliver(settings, *delivery))


def _die_before(point: str, statement: str) -> None:
    if statement.startswith(point):
        os.kill(os.getpid(), signal.SIGKILL)


def test_snowflake_may_be_away_in_the_middle(shop: Shop, own_home: Path, tmp_path: Path) -> None:
    """The server goes when the first MERGE is about to be sent, and comes back while we wait."""
    shop.settings = _up(own_home).model_copy(update={"lake": str(tmp_path / "lake")})
    at = shop.settings.snowflake.model_copy(update={"statement_seconds": 2, "login_seconds": 2, "backoff_seconds": 0.1})
    shop.settings = shop.settings.model_copy(update={"snowflake": at})
    shop.write(FIRST)
    outages: list[str] = []

    def observe(statement: str) -> None:
        if statement.startswith("MERGE") and not outages:
            outages.append(statement)
            services.down(own_home)
            _up(own_home)

    connect = partial(snowflake.connect, observe=observe)
    (delivery,) = publish.publish(shop.spark, shop.settings, [THINGS], connect)
    assert outages
    assert delivery.whole
    assert shop.is_equal(FIRST)


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    services.down(tmp_path / "home")


def _up(home: Path) -> Settings:
    assert [one.state for one in services.up(home, ["snowflake"])] == ["up"]
    return Settings.read(home=home)


def test_verify_names_the_rows_that_differ(shop: Shop) -> None:
    assert shop.verify() == Finding("warehouse", "snowflake", "nothing published yet", off=False)
    shop.write(FIRST)
    shop.publish()
    assert not shop.verify().off
    shop.rows("UPDATE things SET price = 9.0001 WHERE thing = 'a'")
    shop.rows("DELETE FROM things WHERE thing = 'b'")
    found = shop.verify()
    assert found.off
    assert "2 rows only in lake, e.g. (a, 2026-11-21" in found.detail
    assert "1 rows only in snowflake, e.g. (a, 2026-11-21, 2026-11-21 23:59:59.999999, 9.0001" in found.detail


def test_verify_compares_with_the_version_published_not_with_the_newest(shop: Shop) -> None:
    version = shop.write(FIRST)
    shop.publish()
    newest = shop.write([thing("later")])
    found = shop.verify()
    assert not found.off
    assert f"version {version} (the lake is at {newest}): equal" in found.detail


def test_the_job_publishes_every_serving_table_that_exists(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    sales = SALES.at("serving")
    sold = [("p", DAY, "EUR", 2, 1, LARGE, Decimal(0)), ("p", DAY, "GBP", 0, 0, Decimal(0), Decimal("0.0001"))]
    shop.write(sold, sales)
    main = job.load("serving/publish_snowflake")
    main(shop.spark, shop.settings, job.Options())
    assert capfd.readouterr().err == "serving.sales: version 1: the whole table, 2 rows\n"
    assert shop.rows("SELECT * FROM sales ORDER BY currency") == sold
    main(shop.spark, shop.settings, job.Options())
    assert capfd.readouterr().err == "serving.sales: version 1: nothing new\n"
    findings = {finding.subject: finding for finding in warehouse.verify(shop.settings, SERVED)}
    assert "equal" in findings["serving.sales"].detail
    assert findings["serving.funnel"] == Finding("warehouse", "serving.funnel", "not published yet", off=False)


def test_without_snowflake_in_the_settings_nothing_is_published_and_that_is_said(
    shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = shop.settings.model_copy(update={"snowflake": Settings().snowflake})
    job.load("serving/publish_snowflake")(shop.spark, settings, job.Options())
    assert capfd.readouterr().err == "no Snowflake in the settings (snowflake.host): nothing is published\n"
    assert [finding.off for finding in warehouse.verify(settings, SERVED)] == [False]
