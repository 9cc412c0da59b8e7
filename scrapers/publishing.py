"""Where a crawl's records go: the topics of Kafka, or files of JSON lines.

In: a record's key and bytes, and whether it is a reject. Out: word that it is there, and not before; as long as there is none the
crawl waits.
"""

import asyncio
import io
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

from mart.edges import kafka, producing
from mart.settings import Kafka

LISTEN = 0.01  # seconds between two looks at what the broker says


class Destination(Protocol):
    """What a pipeline publishes to."""

    kind: str  # what is known to have been told to one kind is new to another

    async def open(self) -> None: ...

    async def send(self, key: bytes, value: bytes, *, reject: bool) -> None: ...

    async def close(self) -> None: ...


class Topics:
    """The topics product-details and product-details-rejects. Raises Unreachable and NoTopic where they are not there."""

    kind = "kafka"

    def __init__(self, settings: Kafka) -> None:
        self._names = {False: settings.product_details, True: settings.product_details_rejects}
        for name in self._names.values():
            kafka.partitions(settings.brokers, name)
        self._producer = producing.Producer(settings.brokers, delivery=producing.FOREVER)
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._listening = asyncio.create_task(self._listen())

    async def send(self, key: bytes, value: bytes, *, reject: bool) -> None:
        """Publish one record, however long the broker is away. Raises NotPublished for one it will not take."""
        await asyncio.wrap_future(self._producer.soon(self._names[reject], value, key))

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def _listen(self) -> None:
        while True:
            self._producer.poll()
            await asyncio.sleep(LISTEN)


class Lines:
    """A file of JSON lines, `-` for stdout, and one for rejects; whole lines are appended."""

    kind = "file"

    def __init__(self, items: str, rejects: Path) -> None:
        self._files = {False: _appending(items), True: _appending(str(rejects))}

    @classmethod
    def beside(cls, items: Path) -> Self:
        """Keep the rejects beside the items."""
        return cls(str(items), items.with_name(f"{items.stem}.rejects.jsonl"))

    async def open(self) -> None: ...

    async def send(self, key: bytes, value: bytes, *, reject: bool) -> None:
        left = value + b"\n"
        while left:  # no buffer of ours: what is not written is not there, and its page is not remembered
            left = left[self._files[reject].write(left) :]

    async def close(self) -> None:
        for file in self._files.values():
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # stdout may be a pipe
                os.fsync(file.fileno())
            file.close()


def _appending(name: str) -> io.FileIO:
    """Open a file to append to; a last line that was cut off, by a full disk for instance, is ended first."""
    if name == "-":
        return io.FileIO(sys.stdout.fileno(), "w", closefd=False)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    file = io.FileIO(name, "a+")
    if file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file
