"""Read acts from where they are: ratings, a foreign data set that `mart replay` knows, or the lake.

In: files, or the lake's processed.events. Out: acts of shoppers with an account; what is none is left out and counted.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mart.edges import delta
from mart.evaluation.acts import KINDS, SCHEMA, Acts, numbered
from mart.replay import FORMATS, Format
from mart.replay.catalogue import Catalogue, moment
from mart.replay.files import find, lines
from mart.settings import Settings
from mart.tables import EVENTS

RATINGS, LAKE = "ratings", "lake"
NAMES = (*sorted(FORMATS), RATINGS, LAKE)
RATED = (".data", ".csv", ".tsv", ".txt", ".inter", ".ratings")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 50_000_000  # acts: 3 GB of arrays in one process

Row = tuple[str, str, int, int, datetime]


class NoActs(ValueError):
    """Data that can't be evaluated; the message says why."""


@dataclass(frozen=True)
class Read:
    """Acts, and how many lines or events of the source are none of a shopper with an account."""

    acts: Acts
    left_out: int


def read(settings: Settings, name: str, path: Path | None) -> Read:
    """Read a data set by the name of its format. Raises NoActs and NoInput, with what to do."""
    if name == LAKE:
        return _lake(settings)
    if path is None:
        raise NoActs(f"--format {name} needs --data PATH, a file or a folder")
    rows = _ratings(path) if name == RATINGS else _replayed(FORMATS[name], path)
    return _gathered(rows, path)


def stars(path: Path) -> list[tuple[str, str, float, int]]:
    """Read ratings in the order of the file: user, item, stars, Unix seconds. Raises NoActs for a line that is none."""
    file = find([path], RATED)
    found = [rating for one in file for rating in _stars(one)]
    if not found:
        raise NoActs(f"{path} holds no ratings")
    return found


def _stars(file: Path) -> Iterator[tuple[str, str, float, int]]:
    with file.open("rb") as stream:
        for number, line in enumerate(lines(stream, file.name), start=1):
            cells = line.decode("utf-8", "replace").strip().replace("\t", ",").split(",")
            try:
                user, item, given, seconds = cells
                yield user, item, float(given), int(float(seconds))
            except ValueError:
                if number > 1:  # the first may name the columns
                    raise NoActs(f"{file}, line {number}: not user, item, rating, Unix seconds") from None


def _ratings(path: Path) -> Iterator[Row]:
    """Take each rating for a purchase: positive feedback, whatever the stars."""
    for user, item, _, seconds in stars(path):
        yield user, item, KINDS.index("purchase"), 1, datetime.fromtimestamp(seconds, UTC)


def _replayed(known: Format, path: Path) -> Iterator[Row | None]:
    catalogue = Catalogue()
    for file in find([path], known.suffixes):
        with file.open("rb") as stream:
            for _, value in known.read(file.name, lines(stream, file.name), catalogue):
                yield _act(value)


def _act(value: bytes) -> Row | None:
    """Read one record of activity as far as it is an act; ingest alone judges more."""
    try:
        event = json.loads(value)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("event_type") not in KINDS:
        return None
    at, pieces = _instant(event.get("event_at")), event.get("quantity", 1)
    ids = (event.get("user_id"), event.get("product_id"))
    sound = all(isinstance(one, str) and one for one in ids) and isinstance(pieces, int) and pieces > 0
    return _row(event, at, pieces) if sound and at else None


def _instant(given: object) -> datetime | None:
    """Read ISO 8601 or epoch milliseconds, as ingest does."""
    if isinstance(given, str):
        return moment(given)
    try:
        return EPOCH + timedelta(milliseconds=given) if isinstance(given, int) else None
    except OverflowError:
        return None


def _row(event: dict[str, Any], at: datetime, pieces: int) -> Row:
    return event["user_id"], event["product_id"], KINDS.index(event["event_type"]), pieces, at


def _gathered(rows: Iterable[Row | None], path: Path) -> Read:
    found = list(rows)
    acts = [row for row in found if row]
    if not acts:
        raise NoActs(f"{path} holds no act of a shopper with an account ({len(found):,} lines read)")
    columns = [pa.array(column, field.type) for column, field in zip(zip(*acts, strict=True), SCHEMA, strict=True)]
    return Read(numbered(pa.Table.from_arrays(columns, schema=SCHEMA)), len(found) - len(acts))


def _lake(settings: Settings) -> Read:
    rows = delta.scan(settings, EVENTS.path)
    if rows is None:
        raise NoActs(f"{settings.lake} has no {EVENTS.full_name} yet: run streaming/ingest_activity first")
    acts = pc.field("event_type").isin(KINDS) & pc.field("user_id").is_valid()
    count, total = rows.count_rows(filter=acts), rows.count_rows()
    if not count:
        raise NoActs(f"{EVENTS.full_name} holds no act of a shopper with an account ({total:,} events)")
    if count > MOST:
        raise NoActs(f"{EVENTS.full_name} holds {count:,} acts, more than the {MOST:,} that one process takes")
    found = rows.to_table(["user_id", "product_id", "event_type", "quantity", "event_at"], filter=acts)
    kinds = pc.index_in(found["event_type"], value_set=pa.array(KINDS)).cast(pa.int8())
    pieces = found["quantity"].fill_null(1).cast(pa.int64())
    at = found["event_at"].cast(pa.timestamp("us"))
    columns = [found["user_id"], found["product_id"], kinds, pieces, at]
    return Read(numbered(pa.Table.from_arrays(columns, schema=SCHEMA)), total - count)
