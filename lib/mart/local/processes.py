"""Processes that outlive the command that started them, found again by a mark in their environment.

There is no pid file that could be stale or name a stranger by now: the process table itself is asked. Children
inherit the mark, so workers whose parent was killed are found as well.
"""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "PRODUCT_MART_SERVICE"
LOG_BYTES = 10_000_000  # a longer log is set aside before the next start


def launch(command: list[str], mark: str, log: Path, environment: dict[str, str]) -> None:
    """Start a command in a session of its own, so that killing the caller's process group leaves it alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        subprocess.run(
            ["sh", "-c", '"$@" &', "sh", *command],  # the shell goes at once: the service is nobody's child
            env=os.environ | environment | {MARK: mark},
            cwd=log.parent,  # nothing is read from the caller's folder or left in it
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=True,
        )


def find(mark: str) -> list[psutil.Process]:
    """List the living processes that carry the mark, the oldest first."""
    return sorted((p for p in psutil.process_iter() if _mark(p) == mark), key=lambda p: (p.create_time(), p.pid))


def stop(mark: str, patience: float) -> None:
    """End every process that carries the mark: ask, and after `patience` seconds force."""
    deadline = time.monotonic() + patience
    for process in find(mark):
        _send(process, force=False)
    while left := find(mark):
        if time.monotonic() > deadline:
            for process in left:
                _send(process, force=True)
        time.sleep(0.05)


def megabytes(processes: list[psutil.Process]) -> int:
    """Add up the memory that processes hold; one that has just ended counts nothing."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total // 1_000_000


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):  # gone, a zombie, or somebody else's
        return None


def _send(process: psutil.Process, *, force: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill() if force else process.terminate()  # psutil compares start times: never a recycled pid
        process.resume()  # a suspended process would never hear it
