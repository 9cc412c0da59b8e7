"""Time, memory and the machine: what every benchmark shares."""

import json
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("MART_TEST_DATA", Path(__file__).parents[1] / "../shared/data"))


class NoData(RuntimeError):
    """The real data that a benchmark needs are not at hand; the message says where they are looked for."""


def data(name: str) -> Path:
    """Find a folder or file of the evaluation data. Raises NoData."""
    if not (DATA / name).exists():
        raise NoData(f"no evaluation data in {DATA / name}: set MART_TEST_DATA to where they are")
    return DATA / name


@dataclass
class Peak:
    """Highest memory of this process and of its children [MB], e.g. of the driver's Java."""

    python: float = 0
    java: float = 0


@contextmanager
def peak() -> Iterator[Peak]:
    """Sample memory ten times a second while the block works."""
    found, done, own = Peak(), threading.Event(), psutil.Process()

    def sample() -> None:
        while not done.wait(0.1):
            found.python = max(found.python, own.memory_info().rss / 1e6)
            java = [_resident(child) for child in own.children(recursive=True) if child.is_running()]
            found.java = max(found.java, sum(java))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def _resident(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 1e6 if process.name() == "java" else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(runs: int, work: Callable[[int], object]) -> float:
    """Median seconds of several calls, which get their number."""
    return statistics.median(seconds(lambda number=number: work(number)) for number in range(runs))  # type: ignore[misc]


def machine() -> dict[str, object]:
    """Describe where the figures come from."""
    memory = round(psutil.virtual_memory().total / 2**30)
    load = [round(value, 1) for value in os.getloadavg()]
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "load": load,
    }


def save(name: str, result: dict[str, object]) -> None:
    """Write a result as JSON; docs/benchmarks.md is made from these."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine()} | result, indent=1) + "\n")
