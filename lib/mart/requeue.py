"""Requeue: give rejects another chance after a fix, each once.

In: rejects of a landing table. Out: files in a folder of the inbox (requeue, requeue_offers) with their coordinates, which ingest lands under the
source `requeue:<file>:<source>`. The files stay, and say what has been queued already.
"""

import base64
import json
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from mart.edges import delta, inbox
from mart.settings import Settings
from mart.tables import LANDING_ACTIVITY, LANDING_OFFERS

# A kind of records: its landing table, and the folder where its ingest looks for rejects that come again.
KINDS = {"activity": (LANDING_ACTIVITY, "requeue"), "offers": (LANDING_OFFERS, "requeue_offers")}
_REJECTS = """
SELECT source, partition, "offset", key, payload FROM landing ANTI JOIN queued USING (source, partition, "offset")
WHERE outcome NOT IN ('event', 'duplicate') AND ($reason IS NULL OR outcome = $reason)
ORDER BY source, partition, "offset"
"""


def requeue(settings: Settings, reason: str | None = None, kind: str = "activity") -> int:
    """Queue every reject (of one reason, if given) that was not queued before. Returns their number."""
    table, folder = KINDS[kind]
    landing = delta.scan(settings, table.path)
    if landing is None:
        return 0
    with duckdb.connect() as connection:
        connection.register("landing", landing)
        connection.register("queued", _queued(settings, folder))
        rejects = connection.execute(_REJECTS, {"reason": reason})
        written = inbox.write(settings, folder, "rejects", _lines(rejects))
    return written.lines - written.known


def _queued(settings: Settings, folder: str) -> pa.Table:
    """The coordinates of all records that were ever queued."""
    rows = [json.loads(line) for line in inbox.lines(settings, folder)]
    return pa.table(
        {name: pa.array([row[name] for row in rows], pa.string()) for name in ("source", "partition", "offset")}
    )


def _lines(rejects: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
    while rows := rejects.fetchmany(1_000):
        for source, partition, offset, key, payload in rows:
            record = {
                "source": source,
                "partition": partition,
                "offset": offset,
                "key": _text(key),
                "payload": _text(payload),
            }
            yield json.dumps(record).encode()


def _text(value: bytes | None) -> str | None:
    return base64.b64encode(value).decode() if value is not None else None
