"""How the last crawl of each shop went: one small JSON file, in the folder of what crawls remember.

In: a shop, a document. Out: the documents, by shop. The file is whole at any time: a new one takes its place.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

Document = dict[str, Any]
FILE = "schedule.json"


class AtWork(RuntimeError):
    """Another schedule keeps the same folder."""


class Outcomes:
    """The outcomes kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lock = Lock()

    def read(self) -> dict[str, Document]:
        if not self._file.exists():
            return {}
        found: dict[str, Document] = json.loads(self._file.read_text())
        return found

    def note(self, shop: str, document: Document) -> None:
        """Put a shop's last crawl in place of the one before."""
        with self._lock:
            text = json.dumps(self.read() | {shop: document}, indent=1)
            hidden = self._file.with_suffix(".new")
            hidden.write_text(text)
            hidden.replace(self._file)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one to write them; the lock dies with its holder. Raises AtWork."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AtWork(f"another `mart schedule` is at work in {self._file.parent}; one is enough") from None
            yield
