"""What becomes of each record: event, duplicate or reject, and what the catalogue adds."""

from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from mart.schema import spark as types
from mart.tables import EVENTS, LANDING_ACTIVITY, PRODUCTS
from mart.tables.activity import BUSINESS
from mart.views import landing

ARRIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOON, LATER = datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
RAW = (
    "source string, partition string, offset string, key binary, payload binary, sequence string, arrived_at timestamp"
)
PARSED = f"{RAW}, {', '.join(f'{c.name} {c.type.spark}' for c in BUSINESS)}, reason string, detail string"
Record = dict[str, Any]


def record(event_id: str | None, at: datetime | None = NOON, **more: object) -> Record:
    return {"event_id": event_id, "event_at": at, "event_type": "view", "session_id": "s", "product_id": "p1"} | more


def decided(
    spark: SparkSession,
    records: list[tuple[str, str, Record]],
    seen: tuple[tuple[str, datetime], ...] = (),
) -> DataFrame:
    rest = [c.name for c in BUSINESS] + ["reason", "detail"]
    rows = [
        (
            "test",
            partition,
            f"{int(offset):020}",
            None,
            b"as it came",
            None,
            ARRIVED,
            *[said.get(name) for name in rest],
        )
        for partition, offset, said in records
    ]
    parsed = spark.createDataFrame(rows, PARSED)
    known = spark.createDataFrame(list(seen), "event_id string, event_at timestamp")
    return landing.decide(parsed, landing.repeated(parsed, known, ("event_id", "event_at")))


def events(spark: SparkSession, decided: DataFrame, *products: tuple[str, str | None, str | None]) -> DataFrame:
    catalogue = spark.createDataFrame(list(products), "product_id string, category string, brand string")
    return landing.events(decided.where("outcome = 'event'"), catalogue, EVENTS)


def outcomes(frame: DataFrame) -> dict[str, str]:
    rows = frame.select("partition", "offset", "outcome").collect()
    return {f"{row['partition']}-{int(row['offset'])}": row["outcome"] for row in rows}


def test_of_several_in_one_batch_the_first_by_its_coordinates_is_the_event(spark: SparkSession) -> None:
    records = [("1", "0", record("a")), ("0", "9", record("a")), ("0", "10", record("a")), ("1", "1", record("b"))]
    expected = {"0-9": "event", "0-10": "duplicate", "1-0": "duplicate", "1-1": "event"}
    assert outcomes(decided(spark, records)) == expected


def test_what_is_there_already_makes_a_duplicate(spark: SparkSession) -> None:
    records = [("0", "0", record("a")), ("0", "1", record("a")), ("0", "2", record("b"))]
    found = outcomes(decided(spark, records, seen=(("a", NOON), ("z", NOON))))
    assert found == {"0-0": "duplicate", "0-1": "duplicate", "0-2": "event"}


def test_one_id_at_two_instants_is_two_events(spark: SparkSession) -> None:
    records = [("0", "0", record("a")), ("0", "1", record("a", LATER))]
    assert outcomes(decided(spark, records, seen=(("a", ARRIVED),))) == {"0-0": "event", "0-1": "event"}


def test_a_reject_is_nobodys_twin(spark: SparkSession) -> None:
    bad, junk = record("a", reason="out_of_range"), record(None, None, reason="not_json")
    records = [("0", "0", bad), ("0", "1", bad), ("0", "2", record("a")), ("0", "3", junk), ("0", "4", junk)]
    assert outcomes(decided(spark, records, seen=(("b", NOON),))) == {
        "0-0": "out_of_range",
        "0-1": "out_of_range",
        "0-2": "event",
        "0-3": "not_json",
        "0-4": "not_json",
    }
    assert outcomes(decided(spark, [("0", "0", bad)], seen=(("a", NOON),))) == {"0-0": "out_of_range"}


def test_category_and_brand_come_from_the_catalogue_where_the_event_names_none(spark: SparkSession) -> None:
    records = [
        ("0", "0", record("a")),
        ("0", "1", record("b", category="mine", brand=None)),
        ("0", "2", record("c", product_id="p2")),
        ("0", "3", record("d", product_id="unheard of")),
    ]
    catalogue = (("p1", "toys", "Acme"), ("p2", None, "Acme"), ("p3", "never", "never"))
    rows = events(spark, decided(spark, records), *catalogue).orderBy("offset").select("category", "brand").collect()
    unknown = "(unknown)"
    assert [tuple(row) for row in rows] == [("toys", "Acme"), ("mine", "Acme"), (unknown, "Acme"), (unknown, unknown)]


def test_both_tables_are_made_from_one_frame(spark: SparkSession) -> None:
    records = [("0", "0", record("a", LATER)), ("0", "1", record(None, None, reason="not_json"))]
    frame = decided(spark, records).selectExpr("*", "'1' AS code_version", "'b' AS batch")
    landed = frame.select(*LANDING_ACTIVITY.names).orderBy("offset").collect()
    assert [(row["outcome"], bytes(row["payload"]), str(row["arrived_day"])) for row in landed] == [
        ("event", b"as it came", "2026-11-21"),
        ("not_json", b"as it came", "2026-11-21"),
    ]
    (event,) = events(spark, frame).collect()
    assert (event["event_id"], event["offset"], str(event["event_day"])) == ("a", f"{0:020}", "2026-11-20")
    declared = {field.name: field.dataType for field in types.struct(EVENTS)}
    assert {field.name: field.dataType for field in events(spark, frame).schema} == declared
    assert set(PRODUCTS.key) == {"product_id"}  # so that the join adds no row
