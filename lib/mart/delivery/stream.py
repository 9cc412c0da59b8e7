"""Streams at work: micro-batches that share one gate, so that they come one at a time and can be stopped between two."""

import math
import re
import time
from collections.abc import Callable
from threading import Lock

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql.streaming.listener import StreamingQueryProgress
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from mart.edges import feeds
from mart.job import Options
from mart.reporting import Progress
from mart.settings import Settings

OnBatch = Callable[[DataFrame, int], None]


OURS = re.compile(
    r"^\s*mart\.[\w.]+: (?P<said>.+)$", re.MULTILINE
)  # as Python's trace ends with it, in Spark's message


class SourceFailed(RuntimeError):
    """A source of ours could not go on; the message is its own, without what Spark puts around it."""


class Stopping(RuntimeError):
    """A micro-batch came to the gate after we were asked to stop; the next start takes it in."""


class Stream:
    """Queries of one job. Each micro-batch holds the gate while it works; `stop` waits for the gate."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self._settings, self._options = settings, options
        self._gate = Lock()
        self._queries: list[StreamingQuery] = []
        self._fault: BaseException | None = None
        self._stopping = False

    @property
    def to_the_end(self) -> bool:
        """Whether queries take what is there, and end."""
        return self._options.available_now

    def add(
        self, frame: DataFrame, name: str, on_batch: OnBatch, seconds: float | None = None, anew: bool = False
    ) -> None:
        """Start a query; `name` names its checkpoint. `seconds` between micro-batches, else the settings' trigger.

        With `anew`, and with `--full`, the checkpoint is forgotten first: the query begins where its source is told to.
        """
        checkpoint = f"{self._settings.checkpoints}/{name}"
        if anew or self._options.full:
            feeds.forget(frame.sparkSession, checkpoint)
        writer = frame.writeStream.foreachBatch(self._gated(on_batch)).queryName(name)
        writer = writer.option("checkpointLocation", checkpoint)
        self._queries.append(self._trigger(writer, seconds).start())

    def wait(self, seconds: float) -> bool:
        """Wait for the end of all queries; True when all have ended. Raises what made one fail."""
        end = time.monotonic() + seconds
        for query in self._queries:
            try:
                query.awaitTermination(max(0.01, end - time.monotonic()))  # type: ignore[arg-type]  # seconds, a float
            except StreamingQueryException as error:
                self._fault = self._fault or _ours(error) or error
        if self._fault is not None:
            raise self._fault  # in its own words, not wrapped by every layer that it passed
        return not any(query.isActive for query in self._queries)

    def progress(self) -> Progress:
        """Give figures of each query's last micro-batch, as Spark has them."""
        last = ((query.name, query.lastProgress) for query in self._queries)
        return {str(name): _figures(said) for name, said in last if said is not None}

    def stop(self) -> None:
        """Finish the micro-batch that is at work, then end; those that wait at the gate are sent away.

        The gate is free again before the queries end: Spark waits for a micro-batch that waits for the gate.
        """
        self._stopping = True
        with self._gate:
            pass
        for query in self._queries:
            query.stop()

    def _trigger(self, writer: DataStreamWriter, seconds: float | None) -> DataStreamWriter:
        if self._options.available_now:
            return writer.trigger(availableNow=True)
        pause = self._settings.live.trigger_seconds if seconds is None else seconds
        return writer.trigger(processingTime=f"{pause} seconds")

    def _gated(self, on_batch: OnBatch) -> OnBatch:
        def work(frame: DataFrame, batch: int) -> None:
            with self._gate:
                if self._stopping:
                    raise Stopping
                try:
                    on_batch(frame, batch)
                except BaseException as fault:
                    self._fault = self._fault or fault
                    raise

        return work


def _figures(said: StreamingQueryProgress) -> dict[str, float]:
    """Say a micro-batch's size and pace; an idle trigger that found nothing is one, too."""
    rate = said.processedRowsPerSecond
    return {
        "batches": said.batchId + 1,
        "records": said.numInputRows,
        "rate": rate if math.isfinite(rate) else 0,
        "seconds": said.batchDuration / 1000,
    }


def _ours(error: StreamingQueryException) -> SourceFailed | None:
    """Find what a source of ours, which runs in a process of Python's own, has said."""
    said = OURS.findall(str(error))
    return SourceFailed(said[-1]) if said else None
