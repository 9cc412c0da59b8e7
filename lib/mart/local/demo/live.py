"""The live part: events sent at a rate, seen in the tables seconds later, while a batch run goes on beside it.

In: records. Out: when each was sent and when it could be seen.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from threading import Event
from typing import Any

from pyspark.sql import SparkSession
from rich.progress import Progress

from mart.edges import kafka, producing
from mart.job import Running
from mart.replay.record import Record
from mart.settings import Settings

SECONDS = 40.0  # that the rest takes to send, where there is enough of it
FIRST = 100  # records that are sent before all others, and seen: Spark compiles its code for them
LEAST = 100.0  # records a second
LOOK = 0.3  # seconds between two looks


@dataclass
class Seen:
    """Instants [epoch s]: when each record was sent, and how many could be seen by when."""

    first: int = 0  # records that only warmed Spark up
    sent: list[float] = field(default_factory=list)
    visible: dict[int, tuple[float, int]] = field(default_factory=dict)  # by micro-batch

    @property
    def steps(self) -> list[tuple[float, int]]:
        return sorted(self.visible.values())

    @property
    def newest(self) -> int:
        return max((upto for _, upto in self.steps), default=0)

    @property
    def rate(self) -> float:
        """Records a second, of the last few seconds."""
        recent = self.sent[-2_000:]
        return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 and recent[-1] > recent[0] else 0.0


class Live:
    """Sends records while the stream runs, with a batch run at work in the middle."""

    def __init__(
        self, spark: SparkSession, settings: Settings, stream: Running, batch: Callable[[], object],
        expected: int, progress: Progress,
    ) -> None:  # fmt: skip
        self._spark, self._kafka, self._stream, self._batch = spark, settings.kafka, stream, batch
        self._expected = expected
        self._lanes = Lanes(progress, expected)
        self._seen = Seen(first=min(FIRST, expected // 4))
        self._stopping = Event()
        self._base = sum(end for _, end in kafka.ends(self._kafka.brokers, self._kafka.activity).values())

    def play(self, records: Iterable[Record]) -> Seen:
        """Return when every record can be seen. Raises what made the sending, the stream or the batch run fail."""
        rate = max(LEAST, self._expected / SECONDS)
        with ThreadPoolExecutor(2) as pool:
            timed = self._timed(records)
            sending = pool.submit(producing.publish, self._kafka.brokers, self._kafka.activity, timed, rate)
            batch: Future[object] | None = None
            try:
                while not (batch and batch.done() and sending.done() and self._seen.newest >= sending.result()):
                    self._stream.wait(LOOK)
                    self._look()
                    if batch is None and (self._seen.newest > self._seen.first or sending.done()):
                        batch = pool.submit(self._batch)
                    self._lanes.show(self._seen, batch)
                    _raise(sending, batch)
            finally:
                self._stopping.set()
        return self._seen

    def _timed(self, records: Iterable[Record]) -> Iterator[Record]:
        """Note when each record is sent; after the first ones wait until they are seen."""
        for number, record in enumerate(records):
            while number == self._seen.first and self._seen.newest < number and not self._stopping.is_set():
                time.sleep(LOOK)
            if self._stopping.is_set():
                return
            self._seen.sent.append(time.time())
            yield record

    def _look(self) -> None:
        """Take from the query's own progress up to which offsets its micro-batches went, and when they ended."""
        for query in self._spark.streams.active:
            for progress in query.recentProgress:
                batch = json.loads(progress.json)
                ends = _ends(batch).get(self._kafka.activity)
                if ends:  # the queries beside it follow folders
                    self._seen.visible[batch["batchId"]] = (_ended(batch), sum(ends.values()) - self._base)


def _ends(batch: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Give the offsets up to which a micro-batch went, by topic and partition; none for a source of another kind."""
    ends = batch["sources"][0]["endOffset"]
    return ends if isinstance(ends, dict) else {}


def _ended(batch: dict[str, Any]) -> float:
    began = datetime.fromisoformat(batch["timestamp"]).timestamp()
    return float(began + batch["durationMs"]["triggerExecution"] / 1000)


def told(seen: Seen) -> str:
    """Say in a line how it went."""
    took, rest = waits(seen.sent, seen.steps)[seen.first :], seen.sent[seen.first :]
    if not took:
        return f"{len(seen.sent):,} records"
    rate = len(rest) / max(0.1, rest[-1] - rest[0])
    return f"{len(seen.sent):,} records at {rate:,.0f} a second, seen after {median(took):.1f} s (median)"


def waits(sent: Sequence[float], steps: Iterable[tuple[float, int]]) -> list[float]:
    """Tell how long each record took to a step: `steps` are (instant, how many of `sent` had passed it by then).

    >>> waits([1.0, 2.0, 3.0], [(4.0, 2), (6.0, 3)])
    [3.0, 2.0, 3.0]
    """
    found: list[float] = []
    for at, upto in sorted(steps):
        found += [at - sent[number] for number in range(len(found), min(upto, len(sent)))]
    return found


class Lanes:
    """Three lines that move: what is sent, what can be seen, and the batch run beside."""

    def __init__(self, progress: Progress, expected: int) -> None:
        self._progress = progress
        self._sent = progress.add_task("  sent to Kafka", total=expected, note="")
        self._visible = progress.add_task("  in the tables", total=expected, note="")
        self._batch = progress.add_task("  batch run beside", total=1, note="waits for the first events", start=False)

    def show(self, seen: Seen, batch: Future[object] | None) -> None:
        sent, newest = list(seen.sent), seen.newest
        rate = f", {seen.rate:,.0f} a second" if len(sent) > seen.first else ""
        self._progress.update(self._sent, completed=len(sent), note=f"{len(sent):,} sent{rate}")
        behind = f", after {waits(sent, seen.steps)[-1]:.1f} s" if newest else ": Spark compiles its code"
        self._progress.update(self._visible, completed=newest, note=f"{newest:,} seen{behind}")
        if batch:
            self._progress.start_task(self._batch)
            done = batch.done()
            self._progress.update(self._batch, completed=int(done), note="done" if done else "folding what came in")


def _raise(*at_work: Future[object] | Future[int] | None) -> None:
    for one in at_work:
        if one and one.done():
            one.result()
