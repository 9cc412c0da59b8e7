"""How jobs go, by the reports that they write: their last runs, signs of life, and micro-batches."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mart.edges import reports
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import (
    BATCH_RECORDS,
    BATCH_SECONDS,
    BATCHES,
    JOB_DURATION,
    JOB_FAILED,
    JOB_SILENT,
    JOB_SUCCESS_AGE,
    STREAM_RATE,
)

STEADY = 300  # seconds that a job is at work again before it counts as well
OF_QUERY = {"seconds": BATCH_SECONDS, "records": BATCH_RECORDS, "rate": STREAM_RATE, "batches": BATCHES}


def jobs(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Read every job's report."""
    for name, report in reports.read_all(settings).items():
        yield from _runs(name, report["runs"], now)
        running = report["runs"][-1]["outcome"] == "running"
        yield JOB_SILENT.at(_age(report["reported_at"], now) if running else 0, job=name)
        for query, figures in report["queries"].items():
            yield from (OF_QUERY[key].at(value, job=name, query=query) for key, value in figures.items())


def _runs(name: str, runs: list[dict[str, Any]], now: datetime) -> Iterator[Sample]:
    last = runs[-1]
    steady = last["outcome"] == "running" and _age(last["began_at"], now) > STEADY
    ended = [run for run in runs if run["outcome"] in ("finished", "failed")]
    yield JOB_FAILED.at(bool(ended) and ended[-1]["outcome"] == "failed" and not steady, job=name)
    if well := [run for run in ended if run["outcome"] == "finished"]:
        yield JOB_DURATION.at(well[-1]["seconds"], job=name)
        yield JOB_SUCCESS_AGE.at(_age(well[-1]["ended_at"], now), job=name)


def _age(instant: str, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(instant)).total_seconds())
