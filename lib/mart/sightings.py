"""A record of the topic product-details, read in one way by all: the spider before it publishes, the Lambda, ingest.

In: the record's bytes. Out: a sighting with its reviews, or the Fault that makes it a reject. No Spark.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mart.schema.rows import Fault, Reader, Row, document
from mart.settings import Ingest
from mart.tables.offers import REVIEW, SIGHTING

MOST_REVIEWS = 1_000  # that a page may carry

_offer, _one_review = Reader(SIGHTING), Reader(REVIEW)


@dataclass(frozen=True)
class Sighting:
    """An offer as a crawl saw it: columns of tables.offers.SIGHTING, and rows of REVIEW."""

    offer: Row
    reviews: list[Row]


def read(payload: bytes | None, rules: Ingest, arrived_at: datetime) -> Sighting:
    """Read a record. Raises Fault with the first reason why it is none."""
    given = document(payload, rules.max_payload_bytes)
    latest = arrived_at + timedelta(minutes=rules.future_minutes)
    offer = _offer(given, latest)
    listed = given.get("reviews") or []
    if not isinstance(listed, list) or len(listed) > MOST_REVIEWS or not all(isinstance(one, dict) for one in listed):
        raise Fault("bad_type", f"reviews: no list of at most {MOST_REVIEWS} objects")
    return Sighting(offer, [_review(one, number, latest) for number, one in enumerate(listed)])


def key(shop: str, offer_id: str) -> bytes:
    """Give the record's key: all sightings of an offer lie in one partition, in order."""
    return f"{shop}/{offer_id}".encode()


def _review(given: dict[str, object], number: int, latest: datetime) -> Row:
    try:
        return _one_review(given, latest)
    except Fault as fault:
        raise Fault(fault.reason, f"reviews[{number}].{fault.detail}") from None
