"""What the records of an event say: rows for staging, each with its coordinates, and rejects with their reason.

In: records by topic-partition. Out: rows of STAGING.PRODUCT_DETAILS, of STAGING.REJECTS and of STAGING.LOADS, ready to be loaded
in one transaction. Values are cleaned lightly (blanks, Unicode, a currency's case); nothing is invented.
"""

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mart import sightings
from mart.schema.rows import Fault, Row
from mart.settings import Ingest
from mart.sightings import Sighting
from mart.staging.events import Place, Record, Records

TEXTS = ("title", "brand", "category", "body")  # what people read; ids and addresses stay as they are
NUMBERS = ("sku", "gtin", "mpn")
_JSON = json.JSONEncoder(default=datetime.isoformat, ensure_ascii=False)


@dataclass(frozen=True)
class Batch:
    """Rows by table."""

    details: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    loads: list[Row] = field(default_factory=list)


def read(records: Records, rules: Ingest) -> Batch:
    """Read every record; one that is no sighting becomes a reject."""
    batch, now = Batch(), datetime.now(UTC)
    for place, given in records.items():
        for run in _runs(given):
            staged = sum(_read(batch, place, record, rules, now) for record in run)
            batch.loads.append(_load(place, run, staged, now))
    return batch


def clean(row: Row) -> Row:
    """Clean a sighting or a review."""
    put_right = {name: _text(row[name]) for name in TEXTS if row.get(name)}
    put_right |= {name: row[name].strip() or None for name in NUMBERS if row.get(name)}
    if currency := row.get("currency"):
        put_right["currency"] = currency.strip().upper() or None
    return row | put_right


def _read(batch: Batch, place: Place, record: Record, rules: Ingest, now: datetime) -> bool:
    """Add a record to the batch; true where it is a sighting."""
    at = {"topic": place.topic, "partition": place.partition, "offset": record.offset, "received_at": now}
    try:
        seen = _sighting(record, rules, now)
    except Fault as fault:
        batch.rejects.append(at | {"reason": fault.reason, "detail": fault.detail, "payload": record.value})
        return False
    reviews = _JSON.encode([clean(one) for one in seen.reviews]) if seen.reviews else "[]"
    batch.details.append(clean(seen.offer) | at | {"reviews": reviews})
    return True


def _sighting(record: Record, rules: Ingest, now: datetime) -> Sighting:
    """Read a record's value. Raises Fault."""
    try:
        payload = None if record.value is None else base64.b64decode(record.value, validate=True)
        return sightings.read(payload, rules, now)
    except binascii.Error:
        raise Fault("not_json", "the event has it in no base64") from None


def _runs(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Cut records in order where an offset is missing: what was never given to us must not count as loaded."""
    run: list[Record] = []
    for record in records:
        if run and record.offset != run[-1].offset + 1:
            yield run
            run = []
        run.append(record)
    if run:
        yield run


def _load(place: Place, run: list[Record], staged: int, now: datetime) -> Row:
    first, last = run[0].offset, run[-1].offset
    at = {"topic": place.topic, "partition": place.partition, "first_offset": first, "last_offset": last}
    return at | {"staged": staged, "rejected": len(run) - staged, "loaded_at": now}


def _text(value: str) -> str | None:
    """Write a text in composed Unicode, with single blanks between its words; blanks alone are no text."""
    return " ".join(unicodedata.normalize("NFC", value).split()) or None
