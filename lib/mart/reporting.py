"""Reporting: a job tells the lake how it goes, so that whoever watches need not find its process.

In: the runs of jobs in this process. Out: one small file for each job (edges/reports): its last runs, when it last gave a sign of
life, and its queries' last micro-batches. A report that can't be written is said on stderr and holds nobody up.
"""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any

import mart
from mart.edges import reports
from mart.settings import Settings

PULSE = 15.0  # seconds between two signs of life
KEPT = 50  # runs of a job

Progress = Mapping[str, Mapping[str, float]]  # of each query: figures of its last micro-batch


@dataclass
class Run:
    """One run of a job."""

    job: str
    began_at: str
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    outcome: str = "running"  # running, finished, failed; lost, where the process was killed
    ended_at: str | None = None
    seconds: float | None = None
    said: str = ""  # why it failed
    code_version: str = mart.__version__
    progress: Callable[[], Progress] = dict
    clock: float = field(default_factory=time.monotonic)

    def document(self) -> dict[str, Any]:
        names = ("run_id", "began_at", "ended_at", "outcome", "seconds", "said", "code_version")
        return {name: getattr(self, name) for name in names}


class Reporter:
    """Reports for the jobs of one process."""

    def __init__(self, settings: Settings, pulse: float = PULSE) -> None:
        self._settings, self._every, self._lock = settings, pulse, Lock()
        self._runs: dict[str, Run] = {}
        self._before: dict[str, list[dict[str, Any]]] = {}
        self._said, self._stopped = "", Event()

    @contextmanager
    def pulsing(self) -> Iterator[None]:
        """Give signs of life for what is at work, until the end of the context."""
        pulse = Thread(target=self._beat, name="reports", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            self._stopped.set()
            pulse.join()

    def begin(self, job: str) -> None:
        """Note that a job begins."""
        with self._lock:
            self._runs[job] = Run(job, _now())
        self._write(self._runs[job])

    def follow(self, job: str, progress: Callable[[], Progress]) -> None:
        """Tell of a stream's micro-batches from now on."""
        self._runs[job].progress = progress

    def end(self, job: str, failure: str | None = None) -> None:
        """Note how a job ended, and why it failed if it did; a second word on it changes nothing."""
        run = self._runs[job]
        if run.outcome == "running":
            run.outcome = "finished" if failure is None else "failed"
            run.said = " ".join((failure or "").split())[:500]
            run.ended_at, run.seconds = _now(), round(time.monotonic() - run.clock, 3)
            self._write(run)

    @contextmanager
    def failing(self, job: str) -> Iterator[None]:
        """Note that a job has failed where the context raises."""
        try:
            yield
        except BaseException as error:
            self.end(job, str(error) or type(error).__name__)
            raise

    def _beat(self) -> None:
        while not self._stopped.wait(self._every):
            for run in list(self._runs.values()):
                if run.outcome == "running":
                    self._write(run)

    def _write(self, run: Run) -> None:
        try:
            with self._lock:
                reports.write(self._settings, run.job, self._document(run))
            self._said = ""
        except (OSError, ValueError) as error:  # of a disk or of S3, or no report; the job has better things to fail of
            if self._said != str(error):
                print(f"{run.job}: its report can't be written: {error}", file=sys.stderr, flush=True)
            self._said = str(error)

    def _document(self, run: Run) -> dict[str, Any]:
        if run.job not in self._before:
            known = reports.read(self._settings, run.job)
            self._before[run.job] = [_lost(one) for one in known["runs"][-KEPT:]] if known else []
        return {
            "job": run.job,
            "reported_at": _now(),
            "runs": [*self._before[run.job], run.document()],
            "queries": dict(run.progress()) if run.outcome == "running" else {},
        }


def _lost(run: dict[str, Any]) -> dict[str, Any]:
    """Call a run lost that another process has begun and never ended."""
    return run | {"outcome": "lost"} if run["outcome"] == "running" else run


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
