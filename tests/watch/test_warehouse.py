"""Snowflake's own account of queries and storage, and how far it is behind the lake; its views are played by tables of the same form."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mart.edges import snowflake
from mart.schema import snowflake as sql
from mart.settings import Settings
from mart.tables import SALES
from mart.tables.warehouse import PUBLISHED
from mart.watch.warehouse import warehouse
from tests.watch import tables

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def settings(snowflake_up: Settings, tmp_path: Path) -> Settings:
    """A lake of the test's own, and a schema that no other test publishes to."""
    own = snowflake_up.snowflake.model_copy(update={"schema_name": f"W{tmp_path.name.upper().replace('-', '_')}"})
    return snowflake_up.model_copy(update={"home": tmp_path, "lake": str(tmp_path / "lake"), "snowflake": own})


def values(settings: Settings, now: datetime = NOW) -> dict[tuple[str, ...], float]:
    return {(one.metric.name, *(value for _, value in one.labels)): one.value for one in warehouse(settings, now)}


def test_queries_and_storage_are_those_of_snowflakes_own_views(settings: Settings) -> None:
    assert values(settings)["mart_warehouse_queries", "success"] == 0
    runs = [(f"q{one}", "SUCCESS", 100 * one, NOW - timedelta(minutes=one)) for one in range(1, 100)]
    runs += [
        ("bad", "FAIL", 5, NOW - timedelta(minutes=3)),
        ("old", "SUCCESS", 9_999_999, NOW - timedelta(minutes=106)),
    ]
    with snowflake.connect(settings) as session:
        for number, status, elapsed, at in runs:
            session.change(
                "INSERT INTO snowflake.account_usage.query_history SELECT %s, %s, %s, %s, %s",
                number, settings.snowflake.database, status, elapsed, at.replace(tzinfo=None),
            )  # fmt: skip
        for day, stored in ((date(2026, 11, 24), 1.0), (date(2026, 11, 25), 2_000.0)):
            insert = "INSERT INTO snowflake.account_usage.database_storage_usage_history SELECT %s, %s, %s, %s"
            session.change(insert, day, settings.snowflake.database, stored, 24.0)
    found = values(settings)
    assert (found["mart_warehouse_queries", "success"], found["mart_warehouse_queries", "fail"]) == (99, 1)
    assert found["mart_warehouse_query_seconds",] == pytest.approx(9.4, abs=0.2)
    assert found["mart_warehouse_bytes",] == 2_024


def test_what_snowflake_lacks_is_dated_by_the_oldest_change(settings: Settings) -> None:
    served = SALES.at("serving")
    held = tables.append(settings, served, [])
    with snowflake.connect(settings) as session:
        session.use_schema(settings.snowflake.schema_name)
        session.rows(sql.ddl(PUBLISHED))
        session.change("INSERT INTO _published (table_name, version) SELECT %s, %s", served.name, held)
    later = datetime.now(UTC) + timedelta(minutes=30)
    assert values(settings, later)["mart_warehouse_behind_seconds", "serving.sales"] == 0
    day = {
        "product_id": "p",
        "event_day": NOW.date(),
        "currency": "EUR",
        "quantity": 1,
        "order_lines": 1,
        "revenue": 1,
        "refunds": 0,
    }
    tables.append(settings, served, [day])
    assert values(settings, later)["mart_warehouse_behind_seconds", "serving.sales"] == pytest.approx(1800, abs=60)


def test_without_a_snowflake_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert list(warehouse(Settings.read(home=tmp_path), NOW)) == []
