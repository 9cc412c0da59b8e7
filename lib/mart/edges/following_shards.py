"""Follow a Kinesis stream from given places on, as edges/following follows a topic.

In: a stream, and the place to begin with in each shard. Out: records as they come, in order within a shard. Each shard is asked
twice a second, so that other readers of the five that Kinesis allows are left some.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from mart.edges.following import Record
from mart.edges.shards import Place, Stream, numbered, open_shards

PAUSE = 0.5  # seconds between two looks at a shard
LISTED = 30.0  # seconds between two looks for shards; one that ends has them looked for at once


class ShardFollower:
    """Follows a stream; `at` is the offset that comes next in each shard, by the number of its name."""

    def __init__(self, stream: Stream, start: Mapping[str, Place]) -> None:
        self._stream, self._places = stream, dict(start)
        self._open: list[str] = []
        self._looked, self._listed = 0.0, -LISTED
        self.caught_up = False

    @property
    def at(self) -> dict[int, int]:
        return {numbered(name): place.next for name, place in self._places.items()}

    def take(self, patience: float) -> list[Record]:
        """Wait for records, `patience` seconds at most, and take what is there. Raises StreamError."""
        due = self._looked + PAUSE - time.monotonic()
        if due > patience:
            time.sleep(patience)
            return []
        time.sleep(max(0.0, due))
        self._looked = time.monotonic()
        if self._looked - self._listed > LISTED:
            self._open, self._listed = open_shards(self._stream.shards(), self._places), self._looked
        with ThreadPoolExecutor(max(1, min(16, len(self._open)))) as pool:
            found = list(pool.map(self._read, self._open))
        self.caught_up = self.caught_up or not any(behind for _, behind in found)
        return [record for records, _ in found for record in records]

    def close(self) -> None:
        """There is nothing to close: Kinesis knows no readers."""

    def _read(self, shard: str) -> tuple[list[Record], bool]:
        """Read one page; tell whether there is more."""
        place = self._places.get(shard, Place())
        records, ended, behind = self._stream.page(shard, place)
        made = [Record(numbered(shard), one.ordinal, one.data, one.came_at) for one in records]
        after = records[-1].sequence if records else place.after
        self._places[shard] = replace(place, after=after, next=place.next + len(records), ended=ended)
        if ended:
            self._listed = -LISTED  # its children are looked for
        return made, behind or ended
