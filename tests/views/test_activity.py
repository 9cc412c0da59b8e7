"""What a record says: every way to be broken gets its reason, every odd way to be right gets its values."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from mart.replay.broken import KINDS, Kind
from mart.replay.generate import Plan, history
from mart.schema import spark as types
from mart.settings import Ingest, Settings
from mart.tables import EVENTS
from mart.tables.activity import BUSINESS, REASONS
from mart.views import activity, scrutiny

ARRIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "event_id": "e1",
    "event_type": "purchase",
    "event_at": "2025-11-03T12:00:00Z",
    "user_id": "u1",
    "session_id": "s1",
    "product_id": "p17",
    "order_id": "o1",
    "quantity": 2,
    "price": 9.99,
    "currency": "EUR",
    "rating": 4.5,
}
AT = datetime(2025, 11, 3, 12, 0, tzinfo=UTC)
FIELDS = [column.name for column in BUSINESS]


def said(**fields: object) -> bytes:
    return json.dumps(SOUND | fields).encode()


def without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in SOUND.items() if name not in names}).encode()


def raw(field: str, value: str) -> bytes:
    """Write a field's value as it stands, well formed or not."""
    return without(field)[:-1] + f', "{field}": {value}}}'.encode()


# A record, and the fields in which the event differs from SOUND.
GOOD: dict[str, tuple[bytes, dict[str, Any]]] = {
    "as it should be": (said(), {}),
    "a view that says only what it must": (
        b'{"event_id":"e","event_type":"view","event_at":"2025-11-03","session_id":"s","product_id":"p"}',
        dict.fromkeys(FIELDS)
        | {"event_id": "e", "event_type": "view", "event_at": AT.replace(hour=0), "session_id": "s", "product_id": "p"},
    ),
    "epoch milliseconds": (said(event_at=1762171200123), {"event_at": AT.replace(microsecond=123_000)}),
    "epoch milliseconds with a zero behind the point": (said(event_at=1762171200000.0), {}),
    "an instant before 1970": (
        said(event_at=-1),
        {"event_at": datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)},
    ),
    "a zone": (said(event_at="2025-11-03T14:30:00+02:30"), {}),
    "a zone without a colon": (said(event_at="2025-11-03T14:00:00+0200"), {}),
    "a zone of hours only": (said(event_at="2025-11-03T07:00:00-05"), {}),
    "no zone, so UTC": (said(event_at="2025-11-03 12:00:00"), {}),
    "small letters": (said(event_at="2025-11-03t12:00:00z"), {}),
    "no seconds": (said(event_at="2025-11-03T12:00Z"), {}),
    "microseconds": (said(event_at="2025-11-03T12:00:00.000001Z"), {"event_at": AT.replace(microsecond=1)}),
    "nanoseconds": (said(event_at="2025-11-03T12:00:00.123456789Z"), {"event_at": AT.replace(microsecond=123_456)}),
    "a comma, as ISO 8601 likes it": (
        said(event_at="2025-11-03T12:00:00,5Z"),
        {"event_at": AT.replace(microsecond=500_000)},
    ),
    "leap day": (said(event_at="2024-02-29T00:00:00Z"), {"event_at": datetime(2024, 2, 29, tzinfo=UTC)}),
    "ten minutes ahead and no more": (said(event_at="2026-11-21T12:10:00Z"), {"event_at": ARRIVED.replace(minute=10)}),
    "a whole number that is a decimal": (raw("quantity", "2.0"), {}),
    "a whole number in powers of ten": (raw("quantity", "1e2"), {"quantity": 100}),
    "the largest quantity": (said(quantity=2**31 - 1), {"quantity": 2**31 - 1}),
    "a price of nothing": (said(price=0), {"price": Decimal("0.0000")}),
    "a price of minus nothing": (raw("price", "-0.0"), {"price": Decimal("0.0000")}),
    "a price with more places than we keep": (raw("price", "0.12345"), {"price": Decimal("0.1235")}),
    "the largest price": (raw("price", "99999999999999.9999"), {"price": Decimal("99999999999999.9999")}),
    "a price in powers of ten": (raw("price", "1.5e3"), {"price": Decimal("1500.0000")}),
    "a rating of 0": (said(rating=0), {"rating": 0.0}),
    "a rating of 5": (said(rating=5), {"rating": 5.0}),
    "a visitor without an account": (without("user_id"), {"user_id": None}),
    "an empty account is none": (said(user_id=""), {"user_id": None}),
    "an account without a session": (without("session_id"), {"session_id": None}),
    "null is absent": (
        said(quantity=None, price=None, currency=None),
        dict.fromkeys(("quantity", "price", "currency")),
    ),
    "empty is absent": (said(order_id="", category=""), {"order_id": None}),
    "blanks are not empty": (said(category=" "), {"category": " "}),
    "a currency without a price": (without("price"), {"price": None}),
    "a carriage return at the end": (said() + b"\r", {}),
    "blanks around": (b" \t" + said() + b"  \n", {}),
    "an escaped letter": (raw("brand", '"caf\\u00e9"'), {"brand": "café"}),
    "letters beyond the basic plane": (said(brand="🛒 日本"), {"brand": "🛒 日本"}),
    "a quotation mark and a line break": (said(category='a "b"\n\\c'), {"category": 'a "b"\n\\c'}),
    "keys in another order": (json.dumps(dict(reversed(SOUND.items()))).encode(), {}),
    "properties": (said(properties={"device": "phone"}), {"properties": {"device": "phone"}}),
    "no properties": (said(properties={}), {"properties": {}}),
    "properties that are no text": (
        said(properties={"n": 1, "t": True, "o": {"a": [1, 2]}, "nothing": None}),
        {"properties": {"n": "1", "t": "true", "o": '{"a":[1,2]}', "nothing": None}},
    ),
    "keys that we do not know": (
        said(app="7.1", n=3, o={"a": 1}),
        {"properties": {"app": "7.1", "n": "3", "o": '{"a":1}'}},
    ),
    "keys that we do not know beside properties": (
        said(app="7.1", properties={"device": "phone", "app": "mine"}),
        {"properties": {"device": "phone", "app": "mine"}},
    ),
    "a key that differs by its case is another key": (said(Quantity="many"), {"properties": {"Quantity": "many"}}),
    "a key with a point": (raw("a.b", '"c"'), {"properties": {"a.b": "c"}}),
    "deep nesting": (said(deep=json.loads("[" * 50 + "]" * 50)), {"properties": {"deep": "[" * 50 + "]" * 50}}),
    "exactly the largest payload": (said(note="x" * (1_000_000 - len(said(note="")))), ...),  # type: ignore[dict-item]
}

# A record, its reason and what `detail` says; besides the kinds of replay/broken.py.
BAD: dict[str, tuple[bytes | None, str, str]] = {
    "a record without value": (None, "not_json", ""),
    "one byte too large": (said(note="x" * (1_000_001 - len(said(note="")))), "too_large", "1000001 bytes"),
    "a byte order mark": (b"\xef\xbb\xbf" + said(), "not_json", "ï»¿{"),
    "junk behind the object": (said() + b" junk", "not_json", '{"event_id"'),
    "a comma behind the object": (said() + b",", "not_json", '{"event_id"'),
    "a bracket behind the object": (said() + b"]", "not_json", '{"event_id"'),
    "a second value behind the object": (said() + b",true", "not_json", '{"event_id"'),
    "an end that the reader takes for its own": (said() + b',"' + scrutiny.END.encode() + b'"],[', "not_json", '{"event_id"'),
    "a null character": (b"\x00" + said(), "not_json", "\x00{"),
    "the same key twice": (said()[:-1] + b', "quantity": 3}', "not_json", '{"event_id"'),
    "an infinite rating": (raw("rating", '1e999'), "out_of_range", "rating: "),
    "text that is no number": (said(price="NaN"), "bad_type", 'price: "NaN"'),
    "an instant without a day": (said(event_at="2025-11"), "bad_type", 'event_at: "2025-11"'),
    "a thirteenth month": (said(event_at="2025-13-01T00:00:00Z"), "bad_type", 'event_at: "2025-13-01T00:00:00Z"'),
    "the first hour of the next day": (said(event_at="2025-11-03T24:00:00Z"), "bad_type", 'event_at: "2025-11-03T24:00:00Z"'),
    "epoch in text": (said(event_at="1762171200000"), "bad_type", 'event_at: "1762171200000"'),
    "a year of six digits": (said(event_at=10**15), "out_of_range", "event_at: 1000000000000000"),
    "before there were shops like ours": (said(event_at="1899-12-31T23:59:59Z"), "out_of_range", 'event_at: "1899-12-31T23:59:59Z"'),
    "properties that are a list": (said(properties=["a"]), "bad_type", 'properties: ["a"]'),
    "properties that are text": (said(properties="a"), "bad_type", 'properties: "a"'),
    "a price that is true": (said(price=True), "bad_type", "price: true"),
    "a price rounded to one digit too many": (raw("price", '99999999999999.99995'), "out_of_range", "price: "),
    "eleven minutes ahead": (said(event_at="2026-11-21T12:10:00.001Z"), "from_the_future", 'event_at: "2026-11-21T12:10:00.001Z"'),
    "a bot, as the collector marks it": (said(properties={"bot": "true"}), "bot", "properties.bot"),
    "a bot that says so as a boolean": (said(properties={"bot": True}), "bot", "properties.bot"),
    "a bot from the future": (said(event_at="2026-11-21T12:10:00.001Z", properties={"bot": "true"}), "from_the_future", 'event_at: "2026-11-21T12:10:00.001Z"'),
    "two faults: the first in order tells": (said(event_type="teleport", quantity=0), "unknown_event_type", 'event_type: "teleport"'),
    "a missing field before a bad one": (said(product_id="", price="x"), "missing_field", "product_id"),
    "a long value is cut": (said(quantity="9" * 500), "bad_type", 'quantity: "' + "9" * 79),
}  # fmt: skip

# What `detail` says of the kinds that replay knows, where it is more than the field's name.
TOLD = {
    "quantity_zero": "quantity: 0",
    "quantity_negative": "quantity: -3",
    "quantity_beyond_int": "quantity: 3000000000",
    "quantity_text": 'quantity: "2"',
    "quantity_fraction": "quantity: 1.5",
    "price_negative": "price: -0.01",
    "rating_six": "rating: 6",
    "event_at_year_zero": 'event_at: "0000-01-01T00:00:00Z"',
    "event_id_number": "event_id: 17",
    "session_id_object": 'session_id: {"id":"s"}',
    "category_array": 'category: ["toys","kite"]',
    "order_id_true": "order_id: true",
    "other_type": 'event_type: "teleport"',
    "type_with_blank": 'event_type: "view "',
    "event_at_words": 'event_at: "yesterday"',
    "far_future": 'event_at: "2999-01-01T00:00:00Z"',
    "nobody": "user_id or session_id",
    "nobody_but_empty": "user_id or session_id",
    "price_without_currency": "currency",
    "number": "42",
    "invalid_utf_8": '{"event_id"',
}


@pytest.fixture(scope="module")
def parsed(spark: SparkSession) -> dict[str, Row]:
    """Everything in one job: each record by its name."""
    records = {f"good: {name}": payload for name, (payload, _) in GOOD.items()}
    records |= {f"bad: {name}": payload for name, (payload, _, _) in BAD.items()}
    records |= {f"kind: {kind.name}": kind.apply(SOUND) for kind in KINDS}
    rows = [("test", name, "0", None, payload, ARRIVED) for name, payload in records.items()]
    columns = "source string, partition string, offset string, key binary, payload binary, arrived_at timestamp"
    found = activity.parse(spark.createDataFrame(rows, columns), Ingest())
    # Python has no date for the year 0 that a reject may name.
    found = found.withColumn("event_at", F.when(F.col("reason").isNull(), F.col("event_at")))
    return {row["partition"]: row for row in found.drop("payload").collect()}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_record_says_exactly_this(parsed: dict[str, Row], name: str) -> None:
    row = parsed[f"good: {name}"].asDict()
    assert (row["reason"], row["detail"]) == (None, None)
    _, differs = GOOD[name]
    if differs is ...:
        return
    usual = dict.fromkeys(FIELDS) | SOUND | {"event_at": AT, "price": Decimal("9.9900")}
    expected = usual | differs
    assert {field: _utc(row[field]) for field in FIELDS} == expected


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_gets_this_reason_and_detail(parsed: dict[str, Row], name: str) -> None:
    _, reason, detail = BAD[name]
    row = parsed[f"bad: {name}"]
    assert row["reason"] == reason
    assert (row["detail"] or "").startswith(detail)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_that_replay_knows_gets_its_reason(parsed: dict[str, Row], kind: Kind) -> None:
    row = parsed[f"kind: {kind.name}"]
    assert row["reason"] == kind.reason
    if kind.name in TOLD:
        assert row["detail"].startswith(TOLD[kind.name])
    else:
        assert row["detail"] is not None


def test_a_record_says_the_same_at_a_glance_and_under_scrutiny(spark: SparkSession, tmp_path: Path) -> None:
    """A blank before the record makes a plain one take the other way; so does it with one that is hardly spoilt."""
    history(Plan(events=3_000), tmp_path, None, Settings())
    lines = (tmp_path / "activity.jsonl").read_bytes().splitlines()
    records = [payload for payload, _ in GOOD.values()] + [payload for payload, *_ in BAD.values() if payload]
    records = [record for record in records if len(record) < 100_000]  # of the largest, a blank makes another
    records += lines + [_spoilt(line, Random(place)) for place, line in enumerate(lines * 2)]
    rows = [(place, blank + payload, ARRIVED) for place, payload in enumerate(records) for blank in (b"", b" ")]
    frame = spark.createDataFrame(rows, "place int, payload binary, arrived_at timestamp")
    pairs = F.array_sort(F.map_entries("properties")).alias("properties")
    said = (
        activity.parse(frame, Ingest())
        .localCheckpoint()
        .select("place", "payload", "reason", pairs, *[name for name in FIELDS if name != "properties"])
    )
    shown = F.struct("reason", *FIELDS).cast("string")
    differ = said.groupBy("place").agg(F.count_distinct(shown).alias("ways"), F.first("payload")).where("ways > 1")
    assert differ.limit(3).collect() == []
    assert said.where("reason IS NULL").count() > len(lines)


def _spoilt(line: bytes, random: Random) -> bytes:
    """Leave out, double, or put another in place of a few letters."""
    start, length = random.randrange(len(line)), random.randrange(1, 4)
    end = start + length
    instead = (
        b"",
        line[start:end] * 2,
        random.choice((b'"', b"{", b"}", b",", b":", b"0", b"-", b".", b"\\", b"null", b"\xff")),
    )
    return line[:start] + random.choice(instead) + line[end:]


def test_every_reason_is_met(parsed: dict[str, Row]) -> None:
    assert {row["reason"] for row in parsed.values()} - {None} == set(REASONS)


def test_the_fields_have_the_types_of_the_events(spark: SparkSession) -> None:
    empty = spark.createDataFrame([], "source string, payload binary, arrived_at timestamp")
    found = {field.name: field.dataType for field in activity.parse(empty, Ingest()).schema}
    declared = {field.name: field.dataType for field in types.struct(EVENTS)}
    assert {name: found[name] for name in FIELDS} == {name: declared[name] for name in FIELDS}


def test_limits_come_from_the_settings(spark: SparkSession) -> None:
    rows = [(bytearray(said()), ARRIVED)]
    frame = spark.createDataFrame(rows, "payload binary, arrived_at timestamp")
    row = activity.parse(frame, Ingest(max_payload_bytes=100)).first()
    assert row is not None
    assert row["reason"] == "too_large"


def _utc(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
