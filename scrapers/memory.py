"""What crawls of a shop remember: the pages seen, for the next crawl, and the way that the one at work has still to go.

One SQLite file a shop. A page is remembered, and its address is done, in one transaction and only when its record has been
published: a crawl that is killed goes on with what it had not finished, and what it had begun is done again. Scrapy's own
JOBDIR is not used for this: its queues are written down when a crawl ends well, and a killed one finds none.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from w3lib.url import canonicalize_url

_TABLES = """
CREATE TABLE IF NOT EXISTS pages (
    url TEXT PRIMARY KEY, etag TEXT, last_modified TEXT, digest TEXT, document TEXT, reader TEXT, told TEXT, seen_at TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS crawl (crawl_id TEXT, started_at TEXT);
CREATE TABLE IF NOT EXISTS way (key TEXT UNIQUE, url TEXT, kind TEXT, state TEXT);
CREATE INDEX IF NOT EXISTS way_state ON way (state, kind);
"""


@dataclass(frozen=True)
class Known:
    """A product page as it was last published."""

    etag: str | None
    last_modified: str | None
    digest: str  # of the body
    document: dict[str, Any]  # of the item


@dataclass(frozen=True)
class Step:
    """An address on a crawl's way: a start, a tile of a listing, a next page, or a link of an entrance."""

    url: str
    kind: str


class Memory:
    """The memory of one shop. `reader` and `told` say whose reading, and told to whom, counts as known.

    A page that another version of the code has read, or that was published to another kind of place, is new.
    `items` counts the products of the crawl at work so far, `begun` holds the steps that are being done.
    """

    def __init__(self, file: Path, reader: str, told: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._about = {"reader": reader, "told": told}
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # what is committed outlives the process that is killed
        self._db.executescript(_TABLES)
        self.begun: set[str] = set()
        self.items = 0

    def close(self) -> None:
        self._db.close()

    def known(self, url: str) -> Known | None:
        """Recall a product page."""
        row = self._db.execute(
            "SELECT etag, last_modified, digest, document FROM pages WHERE url = ? AND reader = ? AND told = ?",
            (url, *self._about.values()),
        ).fetchone()
        return Known(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def begin(self) -> tuple[str, bool]:
        """Begin a crawl, or go on with the one that did not end; return its id, and whether it is gone on with."""
        self._db.execute("UPDATE way SET state = 'waiting' WHERE state = 'begun'")
        self.items = self._db.execute("SELECT count(*) FROM way WHERE state = 'item'").fetchone()[0]
        row = self._db.execute("SELECT crawl_id FROM crawl").fetchone()
        if row:
            return row[0], True
        crawl_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        self._db.execute("INSERT INTO crawl VALUES (?, ?)", (crawl_id, datetime.now(UTC).isoformat()))
        return crawl_id, False

    def end(self) -> None:
        """End the crawl: its way is forgotten, its pages are not."""
        with self._whole():
            self._db.execute("DELETE FROM way")
            self._db.execute("DELETE FROM crawl")

    def forget(self) -> None:
        """Forget everything, also a crawl that did not end."""
        self.end()
        self._db.execute("DELETE FROM pages")

    def add(self, steps: Iterable[Step]) -> int:
        """Put steps on the way; return how many of them are new to this crawl."""
        rows = [(canonicalize_url(one.url), one.url, one.kind, "waiting") for one in steps]
        return self._db.executemany("INSERT OR IGNORE INTO way VALUES (?, ?, ?, ?)", rows).rowcount

    def next(self, *kinds: str) -> Step | None:
        """Take the next step of one of these kinds, the first kind first."""
        for kind in kinds:
            row = self._db.execute(
                "SELECT url FROM way WHERE state = 'waiting' AND kind = ? ORDER BY rowid LIMIT 1", (kind,)
            ).fetchone()
            if row:
                self._db.execute("UPDATE way SET state = 'begun' WHERE key = ?", (canonicalize_url(row[0]),))
                self.begun.add(row[0])
                return Step(row[0], kind)
        return None

    def waits(self) -> bool:
        """Tell whether a step has not been taken yet."""
        return self._db.execute("SELECT 1 FROM way WHERE state = 'waiting' LIMIT 1").fetchone() is not None

    def pass_by(self, url: str) -> bool:
        """Note an address that a step was led to by a redirect; False where the crawl knows it already."""
        row = (canonicalize_url(url), url, "redirect", "done")
        return self._db.execute("INSERT OR IGNORE INTO way VALUES (?, ?, ?, ?)", row).rowcount == 1

    def ways(self, kind: str) -> list[str]:
        """List the addresses of a kind, whatever became of them."""
        return [row[0] for row in self._db.execute("SELECT url FROM way WHERE kind = ?", (kind,))]

    def done(self, url: str, found: Iterable[Step] = (), *, item: bool = False) -> None:
        """Finish a step together with what it led to."""
        with self._whole():
            self.add(found)
            self._finish(url, "item" if item else "done")

    def remember(self, step: str, page: Known, seen_at: str) -> None:
        """Finish a step whose record has been published, and remember its page."""
        given = (step, page.etag, page.last_modified, page.digest, json.dumps(page.document, ensure_ascii=False))
        with self._whole():
            self._db.execute(
                "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*given, *self._about.values(), seen_at),
            )
            self._finish(step, "item")

    def _finish(self, url: str, state: str) -> None:
        self._db.execute("UPDATE way SET state = ? WHERE key = ?", (state, canonicalize_url(url)))
        self.begun.discard(url)
        self.items += state == "item"

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Let several statements take effect together or not at all."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
