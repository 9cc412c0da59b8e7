"""Two judges of one record, Spark's and the collector's: they agree on every record, whatever is wrong with it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as some
import pytest
from hypothesis import HealthCheck, given, settings
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart import activity as judge
from mart.replay.broken import KINDS
from mart.schema.rows import Fault
from mart.settings import Ingest
from mart.tables.activity import BUSINESS, EVENT_TYPES, REASONS
from mart.views import activity

ARRIVED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "event_id": "e1",
    "event_type": "purchase",
    "event_at": "2025-11-03T12:00:00Z",
    "user_id": "u1",
    "session_id": "s1",
    "product_id": "p17",
    "quantity": 2,
    "price": 9.99,
    "currency": "EUR",
    "rating": 4.5,
}
RULES = Ingest(max_payload_bytes=2_000)

digits = some.integers(0, 10**40).map(str)
numbers = some.one_of(
    some.integers(-10, 10**20).map(str),
    some.floats(allow_nan=False, allow_infinity=False).map(repr),
    some.tuples(digits, digits).map(".".join),
    some.tuples(some.integers(-20, 20), some.integers(-400, 400)).map(lambda both: f"{both[0]}e{both[1]}"),
    some.sampled_from(
        ["0", "-0", "-0.0", "5", "5.0", "5.0000000000000000001", "2147483647", "2147483648", "01", "1.", ".5", "+1", "1e", "NaN", "-",
        "99999999999999.9999", "99999999999999.99995", "99999999999999.99994", "100000000000000", "1e14", "0.99999999999999999999",
        "-1e-400", "1e999", "-1e999", "1" * 38 + ".0", "9" * 400, "1763726400000", "253402300799999", "253402300800000"]
    ),
)  # fmt: skip
days = some.builds(
    "{:04}-{:02}-{:02}".format,
    some.sampled_from([0, 1, 1899, 1900, 2024, 2025, 2026, 9999]),
    some.integers(0, 13),
    some.integers(0, 32),
)
hours = some.builds("{}{:02}:{:02}".format, some.sampled_from("Tt _"), some.integers(0, 25), some.integers(0, 60))
seconds = some.one_of(
    some.just(""),
    some.builds(
        ":{:02}{}".format, some.integers(0, 61), some.sampled_from(["", ".", ",5", ".123456789", ".1234567890"])
    ),
)
zones = some.sampled_from(
    [
        "",
        "Z",
        "z",
        "+00",
        "-05",
        "+0230",
        "+02:30",
        "+18:00",
        "-18:00",
        "+18:01",
        "+19",
        "+05:60",
        " Z",
        "UTC",
        "+1",
        "\n",
        "\r\n",
    ]
)
instants = some.tuples(days, some.one_of(some.just(""), some.tuples(hours, seconds).map("".join)), zones).map("".join)
texts = some.one_of(some.text(max_size=5), instants, some.sampled_from([*EVENT_TYPES, "", " ", "2", "9.99", "null"]))
anything = some.recursive(
    some.one_of(numbers, texts.map(json.dumps), some.sampled_from(["null", "true", "false", '""', '"\\u0000"', '"\\q"', "nul", '"a'])),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3).map(lambda found: f"[{','.join(found)}]"),
        some.lists(some.tuples(some.sampled_from(["a", "b", ""]), inner), max_size=3).map(
            lambda found: "{" + ",".join(f'"{name}":{value}' for name, value in found) + "}"
        ),
    ),
    max_leaves=4,
)  # fmt: skip
blanks = some.sampled_from(["", "", "", " ", "\n", "\t", "\r", "\x0b", "\u00a0", "\ufeff"])
names = some.sampled_from([*(column.name for column in BUSINESS), "Quantity", "app", ""])


@some.composite
def records(draw: some.DrawFn) -> bytes:
    """A sound record with up to three fields changed, now and then with a letter or two that spoil it."""
    fields = {name: json.dumps(value) for name, value in SOUND.items()}
    changed = draw(
        some.lists(
            some.tuples(names, some.one_of(anything, anything, instants.map(json.dumps), some.none())), max_size=3
        )
    )
    for name, value in changed:
        fields.pop(name, None) if value is None else fields.update({name: value})
    text = "{" + ",".join(f'"{name}":{draw(blanks)}{value}' for name, value in fields.items()) + "}" + draw(blanks)
    payload = text.encode(errors="surrogatepass")
    if draw(some.integers(0, 5)):
        return payload
    at = draw(some.integers(0, len(payload)))
    return payload[:at] + draw(some.binary(max_size=3)) + payload[at + draw(some.integers(0, 3)) :]


def verdict(payload: bytes | None, rules: Ingest) -> str | None:
    try:
        judge.read(payload, rules, ARRIVED)
    except Fault as fault:
        return fault.reason
    return None


def sparks_verdicts(spark: SparkSession, payloads: list[bytes], rules: Ingest) -> list[tuple[str | None, int | None]]:
    """The reason of each, and the instant where it is an event."""
    rows = [(place, payload, ARRIVED) for place, payload in enumerate(payloads)]
    frame = spark.createDataFrame(rows, "place int, payload binary, arrived_at timestamp")
    found = activity.parse(frame, rules).select("place", "reason", F.unix_micros("event_at").alias("micros")).collect()
    said = {row["place"]: (row["reason"], None if row["reason"] else row["micros"]) for row in found}
    return [said[place] for place in range(len(rows))]


def ours(payload: bytes, rules: Ingest) -> tuple[str | None, int | None]:
    reason = verdict(payload, rules)
    if reason:
        return reason, None
    at = judge.instant(judge.document(payload, rules.max_payload_bytes)["event_at"])
    assert at is not None, payload
    return None, (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def marked() -> Iterator[bytes]:
    """Records that may be a bot's, as one may write that."""
    for said in ('"true"', "true", '"TRUE"', "1", "null", '["true"]', '"true","bot":"false"', r'"tru\u0065"'):
        yield json.dumps(SOUND | {"properties": "?"}).replace('"?"', f'{{"bot":{said}}}').encode()
    yield json.dumps(SOUND | {"properties": "?"}).replace('"?"', r'{"b\u006ft":"true"}').encode()
    yield json.dumps(SOUND | {"bot": "true"}).encode()


def test_both_judges_say_the_same_of_every_record(spark: SparkSession) -> None:
    """Hypothesis makes the records, Spark judges them all at once."""
    made: list[bytes] = [*(kind.apply(SOUND) for kind in KINDS), *marked()]

    @settings(max_examples=2_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(records())
    def make(payload: bytes) -> None:
        made.append(payload)

    make()
    theirs = sparks_verdicts(spark, made, RULES)
    differ = [
        (payload, one, other)
        for payload, one in zip(made, theirs, strict=True)
        if one != (other := ours(payload, RULES))
    ]
    assert not differ, f"{len(differ)} of {len(made)} differ (record, Spark, collector): {differ[:5]}"
    reasons = [reason for reason, _ in theirs]
    assert set(reasons) == {None, *REASONS}
    assert min(reasons.count(reason) for reason in (None, *REASONS)) >= 2


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_that_replay_knows_gets_its_reason(kind: Any) -> None:  # noqa: ANN401
    assert verdict(kind.apply(SOUND), Ingest()) == kind.reason


def test_a_record_without_value_is_no_json() -> None:
    assert verdict(None, Ingest()) == "not_json"


@pytest.mark.parametrize(("depth", "reason"), [(499, None), (500, "not_json"), (100_000, "not_json")])
def test_values_lie_only_so_deep_in_one_another(depth: int, reason: str | None) -> None:
    record = json.dumps(SOUND)[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    assert verdict(record.encode(), Ingest()) == reason


def test_fields_go_through_as_they_were_written() -> None:
    record = b'{ "price" : 1.10 , "n":[ 1, 2.50 ],"caf\xc3\xa9":"\\u00e9" }'
    found = judge.document(record, 1_000)
    assert found == {"price": "1.10", "n": "[ 1, 2.50 ]", "café": '"\\u00e9"'}
    assert judge.whole(found) == b'{"price":1.10,"n":[ 1, 2.50 ],"caf\\u00e9":"\\u00e9"}'
    assert judge.pieces(judge.whole(found).decode()) == found


@pytest.mark.parametrize("text", ["", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[1],", "{}", "[nul]", "[" * 5_000])
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 whichever of JSON's faults
        judge.elements(text)


def test_an_array_is_cut_into_its_elements() -> None:
    assert judge.elements(' [ {"a":"]"} , [1,2],"x" ] ') == ['{"a":"]"}', "[1,2]", '"x"']
    assert judge.elements("[ ]") == []
