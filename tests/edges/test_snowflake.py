"""The edge to Snowflake, with the real connector and the local emulator."""

import io
import socket
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from mart.edges import snowflake
from mart.edges.snowflake import Away, Refused, Warehouse
from mart.schema import MONEY, REVENUE, STRING, TIMESTAMP, Column, Table
from mart.schema import snowflake as sql
from mart.schema.snowflake import Found
from mart.settings import Settings

PRICES = Table(
    name="prices",
    doc="What a shop's things cost.",
    columns=(
        Column("shop", STRING, "The shop's name."),
        Column("seen_at", TIMESTAMP, "When, UTC."),
        Column("price", MONEY, "Price."),
        Column("revenue", REVENUE, "Revenue."),
    ),
    key=("shop",),
)


@pytest.fixture
def settings(snowflake_up: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings with a schema that no other test uses."""
    at = snowflake_up.snowflake.model_copy(update={"schema_name": request.node.name.upper()[:60]})
    return snowflake_up.model_copy(update={"snowflake": at})


@pytest.fixture
def statements() -> list[str]:
    return []


@pytest.fixture
def warehouse(settings: Settings, statements: list[str]) -> Iterator[Warehouse]:
    with snowflake.connect(settings, statements.append) as warehouse:
        warehouse.use_schema(settings.snowflake.schema_name)
        yield warehouse


def test_a_table_made_from_a_declaration_is_found_as_declared(warehouse: Warehouse) -> None:
    warehouse.rows(sql.ddl(PRICES))
    found = warehouse.columns("prices")
    assert found == [
        Found("shop", "VARCHAR", required=True),
        Found("seen_at", "TIMESTAMP_NTZ", required=False),
        Found("price", "NUMBER(18,4)", required=False),
        Found("revenue", "NUMBER(38,4)", required=False),
    ]
    assert sql.differences(PRICES, found) == []
    assert warehouse.columns("elsewhere") == []


def test_null_timestamps_and_decimals_of_38_digits_come_back_as_they_went(warehouse: Warehouse) -> None:
    at = datetime.fromisoformat
    given = {
        "shop": ["a", "b", "c"],
        "seen_at": pa.array(
            [at("2026-11-21 01:02:03.456789"), None, at("1969-12-31 23:59:59.999999")], pa.timestamp("us")
        ),
        "price": pa.array([Decimal("0.1000"), None, Decimal("-1.0001")], pa.decimal128(18, 4)),
        "revenue": pa.array(
            [Decimal("1234567890123456789012345678901234.5678"), None, Decimal(0)], pa.decimal128(38, 4)
        ),
        "_deleted": [False, False, False],
    }
    warehouse.rows(sql.ddl(PRICES))
    _stage(warehouse, pa.table(given))
    warehouse.change(sql.merge(PRICES))
    names = [name for name in given if name != "_deleted"]
    rows = warehouse.rows(f"SELECT {', '.join(names)} FROM prices ORDER BY shop")
    assert rows == list(zip(*(pa.array(given[name]).to_pylist() for name in names), strict=True))
    (part,) = warehouse.tables("SELECT seen_at FROM prices WHERE seen_at IS NULL")
    assert part["SEEN_AT"].null_count == 1


def test_a_merge_inserts_updates_and_deletes_by_key(warehouse: Warehouse) -> None:
    warehouse.rows(sql.ddl(PRICES))
    _stage(warehouse, _prices({"a": 1, "b": 2, "c": 3}))
    assert warehouse.change(sql.merge(PRICES)) == 3
    _stage(warehouse, _prices({"a": 1, "b": 5, "d": 4, "never": 9, "c": 3}, deleted=("c", "never")))
    warehouse.change(sql.merge(PRICES))
    assert warehouse.rows("SELECT shop, price FROM prices ORDER BY shop") == [("a", 1), ("b", 5), ("d", 4)]


def test_a_staging_that_holds_the_whole_table_prunes_what_it_lacks(warehouse: Warehouse) -> None:
    warehouse.rows(sql.ddl(PRICES))
    _stage(warehouse, _prices({"a": 1, "b": 2}))
    warehouse.change(sql.merge(PRICES))
    _stage(warehouse, _prices({"b": 2}))
    assert warehouse.change(sql.prune(PRICES)) == 1
    assert warehouse.rows("SELECT shop FROM prices") == [("b",)]


def test_a_staging_is_seen_by_its_session_only(warehouse: Warehouse, settings: Settings) -> None:
    _stage(warehouse, _prices({"a": 1}))
    with (
        snowflake.connect(settings) as other,
        pytest.raises(Refused, match=r"(?i)does not exist"),
    ):
        other.rows("SELECT * FROM prices_staged")


def test_a_transaction_that_fails_leaves_nothing(warehouse: Warehouse, statements: list[str]) -> None:
    warehouse.rows(sql.ddl(PRICES))
    with pytest.raises(Refused), warehouse.transaction():  # noqa: PT012
        warehouse.change("INSERT INTO prices (shop) VALUES (%s)", "a'b")
        warehouse.change("DELETE FROM nowhere")
    assert warehouse.rows("SELECT * FROM prices") == []
    assert "ROLLBACK" in statements
    assert "COMMIT" not in statements


def test_new_columns_are_told_from_other_differences() -> None:
    found = [
        Found("shop", "VARCHAR", required=True),
        Found("price", "FLOAT", required=True),
        Found("colour", "VARCHAR", required=False),
    ]
    assert [column.name for column in sql.missing(PRICES, found)] == ["seen_at", "revenue"]
    assert sql.differences(PRICES, found) == [
        "colour is not declared",
        "price is FLOAT there, declared as NUMBER(18,4)",
        "the key is (price, shop) there, declared as (shop)",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "settings lack snowflake.private_key_file and private_key_secret; passwords are not used"),
        ("", "No such file or directory"),
        ("not a key", "no unencrypted PKCS#8 key in PEM form"),
    ],
)
def test_an_unusable_key_is_said_before_anything_is_sent(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "key.p8"
    if content:
        file.write_text(content)
    at = {"host": "127.0.0.1", "account": "x", "user": "x", "private_key_file": None if content is None else file}
    with pytest.raises(Refused, match=says), snowflake.connect(Settings.model_validate({"snowflake": at})):
        pass


def test_a_wrong_statement_stops_at_once(warehouse: Warehouse, settings: Settings) -> None:
    attempts: list[None] = []

    def work() -> None:
        attempts.append(None)
        warehouse.rows("SELECT * FROM nowhere")

    with pytest.raises(Refused, match=r"SELECT \* FROM nowhere: .*NOWHERE"):
        snowflake.insist(settings, work, sleep=lambda _: None)
    assert len(attempts) == 1


def test_work_is_done_again_while_snowflake_is_away_and_waits_twice_as_long_each_time(settings: Settings) -> None:
    faults, waits = [Away("down"), Away("down"), Away("down")], []

    def work() -> str:
        if faults:
            raise faults.pop()
        return "done"

    assert snowflake.insist(_patient(settings, tries=4), work, waits.append) == "done"
    assert waits == [1, 2, 4]


def test_an_absent_snowflake_is_given_up_with_what_to_do(settings: Settings) -> None:
    absent = _patient(settings, tries=2, host="127.0.0.1", port=_closed_port(), login_seconds=1)

    def work() -> None:
        with snowflake.connect(absent):
            pass

    waits: list[float] = []
    with pytest.raises(Away, match=r"gave up after 2 tries: check snowflake.host .* nothing half-done was left"):
        snowflake.insist(absent, work, waits.append)
    assert waits == [1]


def _stage(warehouse: Warehouse, rows: pa.Table) -> None:
    warehouse.rows(sql.staging_ddl(PRICES))
    file = io.BytesIO()
    pyarrow.parquet.write_table(rows, file)
    file.seek(0)
    warehouse.put("part-0.parquet", file, f"@%{sql.staging(PRICES)}")
    warehouse.rows(sql.copy(PRICES))


def _prices(prices: dict[str, int], deleted: tuple[str, ...] = ()) -> pa.Table:
    price = pa.array([Decimal(price) for price in prices.values()], pa.decimal128(18, 4))
    return pa.table({"shop": list(prices), "price": price, "_deleted": [shop in deleted for shop in prices]})


def _patient(settings: Settings, **changed: object) -> Settings:
    at = settings.snowflake.model_copy(update={"backoff_seconds": 1, **changed})
    return settings.model_copy(update={"snowflake": at})


def _closed_port() -> int:
    """Give a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
