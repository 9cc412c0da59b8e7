"""Records of product pages: read strictly, in one way for the spider, the Lambda and ingest."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mart import sightings
from mart.schema.rows import Fault, document
from mart.settings import Ingest
from mart.tables.offers import REVIEW, SIGHTING

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "shop": "a.de", "offer_id": "1", "url": "https://a.de/1", "seen_at": "2026-11-25T11:00:00+01:00", "title": "Lamp",
    "price": "12.50", "currency": "EUR", "list_price": 15, "in_stock": True, "rating": 4.5, "rating_count": 3,
    "reviews": [{"review_id": "r1", "rating": 5, "reviewed_at": "2026-10-01"}], "whatever": {"else": 1},
}  # fmt: skip


def read(**changes: object) -> sightings.Sighting:
    return sightings.read(json.dumps(GOOD | changes).encode(), Ingest(), NOW)


def fault(**changes: object) -> tuple[str, str]:
    with pytest.raises(Fault) as caught:
        read(**changes)
    return caught.value.reason, caught.value.detail


def test_a_good_record_is_read_exactly() -> None:
    found = read()
    assert found.offer["seen_at"] == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert (found.offer["price"], found.offer["list_price"]) == (Decimal("12.50"), Decimal(15))
    assert list(found.offer) == list(SIGHTING.names)
    assert list(found.reviews[0]) == list(REVIEW.names)


def test_what_is_absent_null_or_empty_is_absent() -> None:
    found = read(title="", brand=None, reviews=None)
    assert (found.offer["title"], found.offer["brand"], found.reviews) == (None, None, [])


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"shop": None}, "missing_field", "shop"),
        ({"seen_at": ""}, "missing_field", "seen_at"),
        ({"offer_id": 12}, "bad_type", "offer_id: 12"),
        ({"price": "12,50"}, "bad_type", 'price: "12,50"'),
        ({"price": "NaN"}, "bad_type", 'price: "NaN"'),
        ({"price": -1}, "out_of_range", "price_not_negative: price >= 0"),
        ({"price": "1e15"}, "out_of_range", 'price: "1e15"'),
        ({"currency": None}, "out_of_range", "price_has_currency: price IS NULL OR currency IS NOT NULL"),
        ({"in_stock": "yes"}, "bad_type", 'in_stock: "yes"'),
        ({"rating": 7}, "out_of_range", "rating_0_to_5: rating BETWEEN 0 AND 5"),
        ({"rating_count": 2**63}, "out_of_range", "rating_count: 9223372036854775808"),
        ({"rating_count": True}, "bad_type", "rating_count: true"),
        ({"seen_at": "yesterday"}, "bad_type", 'seen_at: "yesterday"'),
        ({"seen_at": "1850-01-01"}, "out_of_range", "seen_at: 1850-01-01T00:00:00+00:00"),
        ({"seen_at": "2026-11-25T13:00:00Z"}, "from_the_future", "seen_at: 2026-11-25T13:00:00+00:00"),
        ({"title": "a\x00b"}, "out_of_range", 'title: "a\\u0000b"'),
        ({"title": "\ud800"}, "out_of_range", 'title: "\\ud800"'),
        ({"currency": " "}, "out_of_range", "price_has_currency: price IS NULL OR currency IS NOT NULL"),
        ({"reviews": {"a": 1}}, "bad_type", "reviews: no list of at most 1000 objects"),
        ({"reviews": [{"review_id": "r", "rating": 9}]}, "out_of_range", "reviews[0].rating_0_to_5: rating BETWEEN 0 AND 5"),
    ],
)  # fmt: skip
def test_what_is_there_and_is_wrong_is_said(changes: dict[str, object], reason: str, detail: str) -> None:
    assert fault(**changes) == (reason, detail)


@pytest.mark.parametrize(
    "payload", [None, b"", b"[]", b"12", b'{"a": NaN}', b"\xff{}", b"[" * 100_000, b'{"a": 1} junk']
)
def test_what_is_no_object_is_not_json(payload: bytes | None) -> None:
    with pytest.raises(Fault, match="not_json"):
        document(payload, 10**6)


def test_a_large_record_is_not_looked_into() -> None:
    with pytest.raises(Fault, match="too_large"):
        document(b" " * 11, 10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*SIGHTING.names, "reviews"]), JSON, max_size=6),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10)),
)
def test_any_document_is_read_or_refused_with_a_reason(changes: dict[str, object], later: timedelta) -> None:
    payload = json.dumps(GOOD | changes).encode()
    reasons = ("missing_field", "bad_type", "out_of_range", "from_the_future", "not_json", "event")
    assert outcome(payload, NOW + later) in reasons


def outcome(payload: bytes, at: datetime) -> str:
    try:
        found = sightings.read(payload, Ingest(), at)
    except Fault as fault:
        return fault.reason
    return "event" if all(found.offer[name] is not None for name in SIGHTING.key) else "a key is missing"
