"""Bring a home's services up and down, and tell how they are: loops over the declarations.

A home is a folder with the services' data, ports, logs and `services.toml`, which `mart.settings` reads.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mart.local import aws, files, kafka, mlflow, ports, processes, snowflake
from mart.local.demoshop import service as demoshop
from mart.local.service import Place, Service, ServiceError
from mart.local.storefront.service import API, STOREFRONT

SERVICES: tuple[Service, ...] = (
    kafka.SERVICE, snowflake.SERVICE, aws.SERVICE, mlflow.SERVICE, demoshop.SERVICE, API, STOREFRONT,
)  # fmt: skip
START = 90.0  # seconds a service may take to answer: a cold machine with two cores and four services
STOP = 20.0  # seconds a service may take to end before it is killed
T = TypeVar("T")
Report = Callable[[str, str], None]  # (service, what happens to it)


@dataclass(frozen=True)
class Status:
    """How one service of a home is."""

    name: str
    title: str
    state: str  # up, not ready (it runs but doesn't answer), down, failed
    address: str
    pid: int | None
    megabytes: int  # of memory, all its processes together
    keeps_data: bool
    keeps: str
    detail: str = ""


def up(home: Path, names: Iterable[str] = (), report: Report = lambda service, step: None) -> list[Status]:
    """Bring services up, all of them if none is named; one that is up is left alone. A failure is a status."""
    home = home.resolve()
    with _locked(home, report):
        wanted = [service for service in SERVICES if service.name in (set(names) or {s.name for s in SERVICES})]
        idle = [service for service in wanted if not processes.find(service.mark(home))]
        _record(home, ports.choose(home, [name for service in idle for name in service.ports()]))
        return _each(wanted, lambda service: _start(service, home, report))


def status(home: Path) -> list[Status]:
    """Tell how each service is, asking it as a client would."""
    home = home.resolve()
    return _each(SERVICES, lambda service: _look(service, home))


def down(home: Path, report: Report = lambda service, step: None) -> None:
    """End every process of a home's services, whatever state they are in."""
    home = home.resolve()
    if home.exists():
        with _locked(home, report):
            _each(SERVICES, lambda service: _stop(service, home, report))


def _start(service: Service, home: Path, report: Report) -> Status:
    place = service.place(home, ports.recorded(home))
    report(service.name, "starting")
    try:
        _bring_up(service, place)
        service.furnish(place)
    except Exception as error:  # noqa: BLE001 whatever happens to one service is its status: the others come up
        report(service.name, "failed")
        return _status(service, home, "failed", str(error))
    report(service.name, "up")
    return _status(service, home, "up")


def _bring_up(service: Service, place: Place) -> None:
    """Launch a service unless it runs, and wait until it answers. Raises ServiceError with the end of its log."""
    launched = False
    deadline = time.monotonic() + START
    while True:
        if not processes.find(service.mark(place.home)):
            if launched:
                raise ServiceError(f"it ended while it started; {_last_words(service, place.home)}")
            _launch(service, place)
            launched = True
        elif not (fault := _fault(service, place)):
            return
        elif time.monotonic() > deadline:
            raise ServiceError(f"it does not answer ({fault}); {_last_words(service, place.home)}")
        time.sleep(0.1)


def _launch(service: Service, place: Place) -> None:
    service.prepare(place)
    mark, log = service.mark(place.home), service.log(place.home)
    processes.launch(service.command(place), mark, log, service.environment(place))


def _fault(service: Service, place: Place) -> str | None:
    """Tell why a service is not ready, None if it is."""
    if not ports.answers(place.port):  # before any client waits and retries
        return f"nothing listens on port {place.port}"
    try:
        service.check(place)
    except Exception as error:  # noqa: BLE001 each client has errors of its own; any of them means: not ready
        return f"{type(error).__name__}: {error}"
    return None


def _look(service: Service, home: Path) -> Status:
    if not processes.find(service.mark(home)):
        return _status(service, home, "down")
    fault = _fault(service, service.place(home, ports.recorded(home)))
    return _status(service, home, "not ready" if fault else "up", fault or "")


def _stop(service: Service, home: Path, report: Report) -> None:
    if processes.find(service.mark(home)):
        report(service.name, "stopping")
        processes.stop(service.mark(home), STOP)
        report(service.name, "down")


def _status(service: Service, home: Path, state: str, detail: str = "") -> Status:
    running = processes.find(service.mark(home))
    port = ports.recorded(home).get(service.name)
    address = service.address.format(port=port) if port else ""
    pid = running[0].pid if running else None
    memory = processes.megabytes(running)
    return Status(service.name, service.title, state, address, pid, memory, service.keeps_data, service.keeps, detail)


def _last_words(service: Service, home: Path, lines: int = 12) -> str:
    log = service.log(home)
    text = log.read_text(errors="replace") if log.exists() else ""
    words = [line for line in text.splitlines() if not line.startswith(("\tat ", "\t..."))]  # Java's stack is no cause
    return "\n  ".join([f"the end of {log}:", *words[-lines:]])


def _record(home: Path, chosen: dict[str, int]) -> None:
    """Write down the ports, and for `mart.settings` the addresses that follow from them."""
    sections = [s.settings(s.place(home, chosen)) for s in SERVICES if s.name in chosen]
    files.write(home / "ports.json", json.dumps(chosen))
    files.write(home / "services.toml", files.toml({name: part for each in sections for name, part in each.items()}))


def _each(services: Iterable[Service], do: Callable[[Service], T]) -> list[T]:
    """Do something to all services side by side; the results are in their order."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        return list(pool.map(do, services))


@contextmanager
def _locked(home: Path, report: Report) -> Iterator[None]:
    """Let one up or down work on a home at a time; the lock dies with its holder."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".services.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("", f"waiting for another `mart up` or `mart down` of {home}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
