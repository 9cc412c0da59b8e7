"""`mart catalog` against a Glue of our own (moto): what is registered is what is declared and what is on the lake."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from mart.cli import main
from mart.cli.catalog import catalog
from mart.edges import glue, lake, manifests
from mart.edges.aws import AwsError
from mart.edges.glue import Change, DataCatalog
from mart.edges.manifests import ManifestError
from mart.register import left_out, register
from mart.schema import LONG, STRING, Column, Table
from mart.schema import glue as definitions
from mart.schema import spark as types
from mart.settings import Glue, Settings, Snowflake
from mart.tables import EVENTS, PRODUCTS, SALES

SOLD = SALES.at("serving")
ODD = Table(
    layer="serving",
    name="odd",
    doc="A table whose partitions have names that no folder may have.",
    columns=(Column("id", LONG, "Key."), Column("category", STRING, "Partition.")),
    key=("id",),
    partition=("category",),
)
Sale = tuple[str, date, str, int, int, Decimal, Decimal]
DAYS = [date(2026, 11, day) for day in (1, 2, 3)]


def sale(product: str, day: date, quantity: int = 1) -> Sale:
    return product, day, "EUR", quantity, 1, Decimal("9.9000"), Decimal(0)


class Lake:
    """A lake of the test's own, with sales of some days, and a database of its own in the Data Catalog."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark, self.settings = spark, settings
        self.glue = Glue(database=f"test_{uuid.uuid4().hex[:8]}")
        self.client = boto3.client("glue", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)
        lake.ensure(spark, settings, PRODUCTS, SOLD)

    def overwrite(self, table: Table, *rows: tuple[object, ...]) -> None:
        lake.overwrite(self.settings, table, self.spark.createDataFrame(rows, types.struct(table)))

    def append(self, table: Table, *rows: tuple[object, ...]) -> None:
        lake.append(self.settings, table, self.spark.createDataFrame(rows, types.struct(table)))

    def register(self, dry: bool = False, spectrum: bool = True) -> list[Change]:
        return list(register(self.settings, self.glue, spectrum, dry))

    def changed(self, dry: bool = False) -> set[tuple[str, str, str, int]]:
        done = self.register(dry)
        return {(one.kind, one.name, one.what, one.count) for one in done if one.what != "unchanged"}

    def table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_table(DatabaseName=self.glue.database, Name=name)["Table"]
        return found

    def partitions(self, name: str) -> dict[tuple[str, ...], str]:
        found = self.client.get_partitions(DatabaseName=self.glue.database, TableName=name)["Partitions"]
        return {tuple(one["Values"]): one["StorageDescriptor"]["Location"] for one in found}

    def manifests(self, table: Table) -> dict[str, list[str]]:
        """The manifests by their folder, as lines."""
        place = Path(lake.path(self.settings, table), "_symlink_format_manifest")
        files = [file for file in place.rglob("*") if file.is_file()]
        return {str(file.parent.relative_to(place)): file.read_text().splitlines() for file in files}


@pytest.fixture
def settings(aws_up: Settings, tmp_path: Path) -> Settings:
    """AWS on this machine, and a new lake."""
    return aws_up.model_copy(update={"lake": str(tmp_path / "lake"), "snowflake": Snowflake()})


@pytest.fixture
def there(spark: SparkSession, settings: Settings) -> Lake:
    return Lake(spark, settings)


def test_a_native_table_is_registered_as_it_is_declared(there: Lake) -> None:
    there.register()
    found, location = there.table("serving_sales"), f"file://{lake.path(there.settings, SOLD)}"
    assert found["TableType"] == "EXTERNAL_TABLE"
    assert found["Description"] == SOLD.doc
    assert found["Parameters"].items() >= {"table_type": "DELTA", "spark.sql.sources.provider": "delta"}.items()
    assert found["StorageDescriptor"]["Location"] == location
    assert found["StorageDescriptor"]["SerdeInfo"]["Parameters"]["path"] == location
    assert [(c["Name"], c["Type"]) for c in found["StorageDescriptor"]["Columns"]] == [
        ("product_id", "string"),
        ("currency", "string"),
        ("quantity", "bigint"),
        ("order_lines", "bigint"),
        ("revenue", "decimal(38,4)"),
        ("refunds", "decimal(38,4)"),
    ]
    assert [(c["Name"], c["Type"]) for c in found["PartitionKeys"]] == [("event_day", "date")]
    comments = {c["Name"]: c["Comment"] for c in found["StorageDescriptor"]["Columns"] + found["PartitionKeys"]}
    assert comments == {column.name: column.doc for column in SOLD.columns}


def test_what_a_delta_log_says_is_what_is_registered(there: Lake) -> None:
    """Athena asks for it: what is registered is to be the schema in the log."""
    there.register()
    for table in (PRODUCTS, SOLD):
        found = there.table(definitions.name(table))
        registered = {c["Name"]: c["Type"] for c in found["StorageDescriptor"]["Columns"] + found["PartitionKeys"]}
        on_disk = there.spark.read.format("delta").load(lake.path(there.settings, table)).dtypes
        assert registered == dict(on_disk)


def test_nested_types_are_spelt_as_hive_does_and_a_long_comment_fits() -> None:
    table = replace(EVENTS, columns=(*EVENTS.columns, Column("long", STRING, "ä" * 300)))
    columns = {c["Name"]: c for c in definitions.delta_table(table, "s3://b/k")["StorageDescriptor"]["Columns"]}
    assert columns["properties"]["Type"] == "map<string,string>"
    assert columns["event_at"]["Type"] == "timestamp"
    assert len(columns["long"]["Comment"].encode()) <= 255
    assert columns["long"]["Comment"].endswith("ä…")


def test_a_second_run_writes_nothing(there: Lake) -> None:
    there.overwrite(SOLD, sale("a", DAYS[0]), sale("b", DAYS[1]))
    assert there.changed() == {
        ("database", there.glue.database, "created", 1),
        ("table", "processed_products", "created", 1),
        ("manifests", "processed.products", "updated", 1),
        ("table", "processed_products_spectrum", "created", 1),
        ("table", "serving_sales", "created", 1),
        ("manifests", "serving.sales", "updated", 2),
        ("table", "serving_sales_spectrum", "created", 1),
        ("partitions", "serving_sales_spectrum", "created", 2),
    }
    assert there.changed() == set()
    assert {there.table(name)["VersionId"] for name in ("serving_sales", "serving_sales_spectrum")} == {"1"}


def test_a_dry_run_says_what_a_run_then_does_and_sends_nothing(there: Lake) -> None:
    there.overwrite(SOLD, sale("a", DAYS[0]), sale("b", DAYS[1]))
    would = there.register(dry=True)
    assert there.glue.database not in {one["Name"] for one in there.client.get_databases()["DatabaseList"]}
    assert there.manifests(SOLD) == {}
    assert there.register() == would
    there.overwrite(SOLD, sale("a", DAYS[0], 7), sale("c", DAYS[2]))
    before = there.manifests(SOLD), there.partitions("serving_sales_spectrum")
    would = there.register(dry=True)
    assert (there.manifests(SOLD), there.partitions("serving_sales_spectrum")) == before
    assert there.register() == would


@pytest.mark.parametrize(
    "column",
    [Column("price", LONG, "Latest known price."), Column("price", STRING, "Another sentence.")],
    ids=["its type", "its sentence"],
)
def test_a_changed_column_is_the_only_thing_that_is_written(there: Lake, column: Column) -> None:
    there.register()
    columns = tuple(column if one.name == column.name else one for one in PRODUCTS.columns)
    wanted = definitions.delta_table(replace(PRODUCTS, columns=columns), manifests.location(there.settings, PRODUCTS))
    there_now = DataCatalog(there.settings.aws)
    assert there_now.table(there.glue.database, wanted) == Change("table", "processed_products", "updated")
    assert there_now.table(there.glue.database, wanted) == Change("table", "processed_products", "unchanged")
    assert there.table("processed_products")["StorageDescriptor"]["Columns"] == wanted["StorageDescriptor"]["Columns"]
    assert there.changed() == {("table", "processed_products", "updated", 1)}  # back to what is declared


def test_a_column_that_is_no_longer_declared_goes(there: Lake) -> None:
    there.register()
    wanted = definitions.delta_table(replace(PRODUCTS, columns=PRODUCTS.columns[:-1]), "file:///x")
    DataCatalog(there.settings.aws).table(there.glue.database, wanted)
    assert len(there.table("processed_products")["StorageDescriptor"]["Columns"]) == len(PRODUCTS.columns) - 1


def test_what_others_add_to_a_table_is_no_difference(there: Lake) -> None:
    there.register()
    wanted = definitions.delta_table(PRODUCTS, manifests.location(there.settings, PRODUCTS))
    wanted["Parameters"] = wanted["Parameters"] | {"recordCount": "12"}
    there.client.update_table(DatabaseName=there.glue.database, TableInput=wanted)
    assert there.changed() == set()


def test_tables_that_are_not_on_the_lake_are_left_out_and_said_so(there: Lake) -> None:
    there.register()
    tables = there.client.get_tables(DatabaseName=there.glue.database)["TableList"]
    assert {table["Name"] for table in tables if not table["Name"].endswith("_spectrum")} == {
        "processed_products",
        "serving_sales",
    }
    said = left_out(there.settings, there.glue)
    assert said["processed.events"] == "is not on the lake yet"
    assert said.keys().isdisjoint({"processed.products", "serving.sales", "batch.sales", "landing.activity"})
    assert "glue.crawler_role, glue.snowflake_secret, snowflake.account" in said["the crawler of Snowflake"]


def test_manifests_name_exactly_the_active_files_after_an_overwrite(there: Lake) -> None:
    there.overwrite(SOLD, *(sale("old", day) for day in DAYS[:2]))
    there.register()
    old = {line for lines in there.manifests(SOLD).values() for line in lines}
    there.overwrite(SOLD, *(sale("new", day) for day in DAYS[1:]))
    assert there.changed() == {
        ("manifests", "serving.sales", "updated", 2),
        ("manifests", "serving.sales", "removed", 1),
        ("partitions", "serving_sales_spectrum", "created", 1),
        ("partitions", "serving_sales_spectrum", "removed", 1),
    }
    found = there.manifests(SOLD)
    assert found.keys() == {"event_day=2026-11-02", "event_day=2026-11-03"}
    named = sorted(line for lines in found.values() for line in lines)
    active = there.spark.read.format("delta").load(lake.path(there.settings, SOLD)).inputFiles()
    assert named == sorted(file.replace("file:/", "file:///") for file in active)
    assert old.isdisjoint(named)


def test_the_files_in_the_manifests_hold_the_tables_rows(there: Lake) -> None:
    there.overwrite(SOLD, *(sale("old", day) for day in DAYS))
    there.overwrite(SOLD, sale("a", DAYS[0]), sale("b", DAYS[0], 2))
    there.append(SOLD, sale("c", DAYS[1], 3))  # whose files lie in a folder of their own
    there.register()
    lines = [line for found in there.manifests(SOLD).values() for line in found]
    rows = duckdb.sql(
        "SELECT product_id, event_day, quantity FROM read_parquet($files, hive_partitioning = true)",
        params={"files": lines},
    )
    assert set(rows.fetchall()) == {("a", DAYS[0], 1), ("b", DAYS[0], 2), ("c", DAYS[1], 3)}


def test_spectrum_reads_through_the_manifests_partition_by_partition(there: Lake) -> None:
    there.overwrite(SOLD, sale("a", DAYS[0]), sale("b", DAYS[1]))
    there.register()
    found = there.table("serving_sales_spectrum")
    place = f"file://{lake.path(there.settings, SOLD)}/_symlink_format_manifest"
    assert found["StorageDescriptor"]["InputFormat"] == "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
    assert found["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert found["StorageDescriptor"]["Location"] == place
    assert "table_type" not in found["Parameters"]
    assert there.partitions("serving_sales_spectrum") == {
        ("2026-11-01",): f"{place}/event_day=2026-11-01",
        ("2026-11-02",): f"{place}/event_day=2026-11-02",
    }


def test_a_table_without_rows_has_a_manifest_without_lines(there: Lake) -> None:
    there.register()
    assert there.manifests(PRODUCTS) == {".": []}
    assert there.manifests(SOLD) == {}


def test_without_manifests_there_is_nothing_for_spectrum(there: Lake) -> None:
    done = there.register(spectrum=False)
    assert {one.name for one in done} == {there.glue.database, "processed_products", "serving_sales"}
    assert there.manifests(PRODUCTS) == {}


@pytest.mark.parametrize("value", ["toys/für alle 100%", "a=b:c", "plain", None])
def test_any_value_of_a_partition_has_its_manifest(there: Lake, value: str | None) -> None:
    lake.ensure(there.spark, there.settings, ODD)
    there.overwrite(ODD, (1, value))
    there.overwrite(ODD, (2, value), (3, "other"))
    made = manifests.write(there.settings, ODD)
    assert set(made.folders.values()) == {(value,), ("other",)}
    [folder] = [folder for folder, values in made.folders.items() if values == (value,)]
    lines = there.manifests(ODD)[folder]
    assert duckdb.sql("SELECT id FROM read_parquet($files)", params={"files": lines}).fetchall() == [(2,)]


def test_what_a_killed_run_left_is_swept(there: Lake) -> None:
    there.register()
    left = Path(lake.path(there.settings, PRODUCTS), "_symlink_format_manifest", ".manifest.0123")
    left.write_text("half a li")
    there.register()
    assert not left.exists()


def test_a_table_whose_files_hold_deleted_rows_gets_no_manifest(there: Lake) -> None:
    place = lake.path(there.settings, PRODUCTS)
    there.spark.sql(f"ALTER TABLE delta.`{place}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    with pytest.raises(ManifestError, match=r"processed\.products asks for reader version 3.*write it anew"):
        there.register()
    assert there.manifests(PRODUCTS) == {}


def test_a_table_in_s3_has_its_manifests_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = f"lake-{uuid.uuid4().hex[:8]}"
    s3 = boto3.client("s3", region_name=settings.aws.region, endpoint_url=settings.aws.endpoint_url)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": settings.aws.region})
    for name, value in {"ENDPOINT_URL": settings.aws.endpoint_url, "ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)  # delta-rs reads the environment only
    monkeypatch.setenv("AWS_REGION", settings.aws.region)
    at = settings.model_copy(update={"lake": f"s3a://{bucket}/lake"})
    for ids in ([1, 2, 3], [4, 5]):
        rows = pa.table({"id": ids, "category": [f"c {number}" for number in ids]})
        write_deltalake(f"{at.lake}/serving/odd", rows, mode="overwrite", partition_by=["category"])
        made = manifests.write(at, ODD)
    assert (made.written, made.removed) == (2, 3)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="lake/serving/odd/_symlink_format_manifest/")["Contents"]
    keys = [one["Key"] for one in listed if one["Key"].endswith("manifest")]
    lines = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    assert len(lines) == 2
    for line in lines:
        s3.head_object(Bucket=bucket, Key=line.strip().removeprefix(f"s3://{bucket}/"))
    assert definitions.delta_table(ODD, manifests.location(at, ODD))["StorageDescriptor"]["Location"].startswith(
        "s3://"
    )
    assert manifests.write(at, ODD).written == 0


def test_hundreds_of_partitions_go_in_calls_that_glue_takes(there: Lake) -> None:
    catalogue, database = DataCatalog(there.settings.aws), there.glue.database
    there.register()
    days = [date.fromordinal(DAYS[0].toordinal() + number).isoformat() for number in range(230)]
    wanted = [definitions.spectrum_partition(SOLD, "s3://b/k", f"event_day={day}", (day,)) for day in days]
    moved = [definitions.spectrum_partition(SOLD, "s3://b/other", f"event_day={day}", (day,)) for day in days[:120]]
    name = "serving_sales_spectrum"
    assert catalogue.partitions(database, name, wanted) == [Change("partitions", name, "created", 230)]
    assert catalogue.partitions(database, name, moved) == [
        Change("partitions", name, "updated", 120),
        Change("partitions", name, "removed", 110),
    ]
    assert catalogue.partitions(database, name, moved) == []
    assert set(there.partitions(name).values()) == {one["StorageDescriptor"]["Location"] for one in moved}


AT = Snowflake(account="acme-eu1", user="MART", role="READER", warehouse="WH", database="MART")
CRAWLED = Glue(
    database="mart",
    crawler_role="arn:aws:iam::123456789012:role/service-role/mart-crawler",
    snowflake_secret="mart/snowflake-reader",
)


def test_snowflake_is_crawled_over_jdbc_with_a_secret_that_is_only_named(there: Lake) -> None:
    there.settings = there.settings.model_copy(update={"snowflake": AT})
    there.glue = CRAWLED.model_copy(update={"database": there.glue.database})
    first = there.changed()
    assert first >= {("connection", "mart-snowflake", "created", 1), ("crawler", "mart-snowflake", "created", 1)}
    assert there.changed() == set()
    connection = there.client.get_connection(Name="mart-snowflake")["Connection"]
    assert connection["ConnectionProperties"] == {
        "JDBC_CONNECTION_URL": "jdbc:snowflake://acme-eu1.snowflakecomputing.com/?db=MART&role=READER&warehouse=WH",
        "JDBC_ENFORCE_SSL": "true",
        "SECRET_ID": "mart/snowflake-reader",
    }
    crawler = there.client.get_crawler(Name="mart-snowflake")["Crawler"]
    assert crawler["Targets"]["JdbcTargets"] == [
        {"ConnectionName": "mart-snowflake", "Path": "MART/SERVING/%"},
        {"ConnectionName": "mart-snowflake", "Path": "MART/MART/%"},
    ]
    assert (crawler["DatabaseName"], crawler["TablePrefix"]) == (there.glue.database, "snowflake_")
    assert "the crawler of Snowflake" not in left_out(there.settings, there.glue)


@contextmanager
def glue_that_holds(**there: dict[str, Any]) -> Iterator[tuple[Settings, list[tuple[str, dict[str, Any]]]]]:
    """Play a Glue that answers GetConnection and GetCrawler, for what moto knows no update of, and note each call."""
    calls: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            calls.append((operation, body))
            answer = json.dumps(there.get(operation, {})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        settings = Settings()
        aws = settings.aws.model_copy(update={"endpoint_url": f"http://127.0.0.1:{server.server_port}"})
        yield settings.model_copy(update={"aws": aws}), calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.usefixtures("settings")
def test_a_crawler_and_a_connection_that_differ_are_updated_whole() -> None:
    connection, crawler = glue.snowflake_connection(CRAWLED, AT), glue.snowflake_crawler(CRAWLED, AT)
    before = {"GetConnection": {"Connection": connection | {"ConnectionType": "SNOWFLAKE"}}}
    before |= {"GetCrawler": {"Crawler": crawler | {"TablePrefix": "", "State": "READY"}}}
    with glue_that_holds(**before) as (settings, calls):
        there = DataCatalog(settings.aws)
        assert there.connection(connection) == Change("connection", "mart-snowflake", "updated")
        assert there.crawler(crawler) == Change("crawler", "mart-snowflake", "updated")
    sent = dict(calls)
    assert sent["UpdateConnection"]["ConnectionInput"]["ConnectionType"] == "JDBC"  # no crawler takes SNOWFLAKE
    assert sent["UpdateConnection"] == {"Name": "mart-snowflake", "ConnectionInput": connection}
    assert sent["UpdateCrawler"] == crawler
    assert sent["GetConnection"]["HidePassword"] is True


@pytest.mark.usefixtures("settings")
def test_a_role_that_glue_tells_by_its_name_is_no_difference() -> None:
    crawler = glue.snowflake_crawler(CRAWLED, AT)
    with glue_that_holds(GetCrawler={"Crawler": crawler | {"Role": "service-role/mart-crawler"}}) as (settings, calls):
        assert DataCatalog(settings.aws).crawler(crawler).what == "unchanged"
    assert [operation for operation, _ in calls] == ["GetCrawler"]


@pytest.mark.usefixtures("settings")
def test_partitions_that_glue_does_not_take_are_told() -> None:
    refused = {"Errors": [{"PartitionValues": ["x"], "ErrorDetail": {"ErrorCode": "AlreadyExistsException"}}]}
    partition = definitions.spectrum_partition(SOLD, "s3://b/k", "event_day=x", ("x",))
    with glue_that_holds(BatchCreatePartition=refused) as (settings, _):
        catalogue = DataCatalog(settings.aws)
        with pytest.raises(
            AwsError, match=r"batch_create_partition t: 1 refused, AlreadyExistsException.*run it again"
        ):
            catalogue.partitions("mart", "t", [partition])


def test_the_command_prints_one_document_and_then_finds_all_as_it_should_be(there: Lake, tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    endpoint = there.settings.aws.endpoint_url
    place.write_text(f'lake = "{there.settings.lake}"\n[aws]\nendpoint_url = "{endpoint}"\nregion = "eu-north-1"\n')
    ask = ["--home", str(tmp_path), "--settings", str(place)]
    told = json.loads(_ran([*ask, "--json", "--dry-run"]))
    assert (told["dry_run"], told["database"]) == (True, "mart")
    assert {one["name"] for one in told["changes"]} >= {"mart", "serving_sales", "serving_sales_spectrum"}
    assert {one["what"] for one in json.loads(_ran([*ask, "--json"]))["changes"]} == {"created", "updated"}
    said = _ran(ask)
    assert "5 as they should be" in said
    assert "left out: processed.events is not on the lake yet" in said


@pytest.mark.usefixtures("credentials")
def test_a_glue_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[aws]\nendpoint_url = "http://127.0.0.1:9"\n')
    done = CliRunner().invoke(main, ["catalog", "--home", str(tmp_path), "--settings", str(place)])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "Glue: get_database mart: Could not connect" in done.stderr
    assert "check the credentials and the aws settings" in done.stderr


def _ran(arguments: list[str]) -> str:
    done = CliRunner().invoke(catalog, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout
