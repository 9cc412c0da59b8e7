"""Requeue: give rejects another chance after a fix, each once.

In: rejects of landing.activity. Out: files in landing/inbox/requeue with their coordinates, which ingest lands under the
source `requeue:<file>:<source>`. The files stay, and say what has been queued already.
"""

import base64
import json
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from mart.edges import delta, inbox
from mart.settings import Settings
from mart.tables import LANDING_ACTIVITY

FOLDER = "requeue"
_REJECTS = """
SELECT source, partition, "offset", key, payload FROM landing ANTI JOIN queued USING (source, partition, "offset")
WHERE outcome NOT IN ('event', 'duplicate') AND ($reason IS NULL OR outcome = $reason)
ORDER BY source, partition, "offset"
"""


def requeue(settings: Settings, reason: str | None = None) -> int:
    """Queue every reject (of one reason, if given) that was not queued before. Returns their number."""
    landing = delta.scan(settings, LANDING_ACTIVITY.path)
    if landing is None:
        return 0
    with duckdb.connect() as connection:
        connection.register("landing", landing)
        connection.register("queued", _queued(settings))
        rejects = connection.execute(_REJECTS, {"reason": reason})
        written = inbox.write(settings, FOLDER, "rejects", _lines(rejects))
    return written.lines - written.known


def _queued(settings: Settings) -> pa.Table:
    """The coordinates of all records that were ever queued."""
    rows = [json.loads(line) for line in inbox.lines(settings, FOLDER)]
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
