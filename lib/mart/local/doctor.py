"""Look for what is missing or not ready on this machine and in a home, and say what to do about it."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mart.edges import kafka as kafka_edge
from mart.finding import Finding
from mart.local import CLONE, kafka, ports, services
from mart.local.service import ServiceError
from mart.settings import Kafka

PYSPARK = "4.1.1"
JAVA = (17, 21)
DISK = 5_000_000_000  # bytes: the demo on the real set, with its log segments and checkpoints


def examine(home: Path) -> list[Finding]:
    """Look at everything."""
    return [*_machine(), *_clone(), _disk(home), *_services(home)]


def _machine() -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 11), platform.python_version(), "use Python 3.11 or newer")
    java = _java()
    yield Finding(
        "java", java in JAVA, f"Java {java}" if java else "none", "run `make env`, or set JAVA_HOME to a JDK 17"
    )
    blas = find_library("openblas") if sys.platform == "linux" else "the system's own"
    yield Finding(
        "blas", bool(blas), blas or "none", "run `make env` (Debian: apt-get install libopenblas0); ALS is slow without"
    )


def _java() -> int | None:
    try:
        told = subprocess.run([kafka.java(), "-version"], capture_output=True, text=True, check=False).stderr
    except ServiceError:
        return None
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else None


def _clone() -> Iterator[Finding]:
    inside = Path(sys.prefix).resolve() == (CLONE / ".venv").resolve()
    yield Finding(".venv", inside, sys.prefix, f"run `make env`, then {CLONE}/.venv/bin/mart")
    yield Finding(
        "pyspark", _installed("pyspark") == PYSPARK, _installed("pyspark"), f"run `make env`: it installs {PYSPARK}"
    )
    for name in ("spark", "kafka"):
        jars = list((CLONE / ".jars" / name).glob("*.jar"))
        yield Finding(f"{name} jars", bool(jars), f"{len(jars)} jars", "run `make env`")
    spark = CLONE / ".spark-conf" / "spark-defaults.conf"
    yield Finding("spark conf", spark.exists(), str(spark) if spark.exists() else "none", "run `make env`")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return Finding(
        "disk", free >= DISK, f"{free / 1e9:.1f} GB free", f"make room: {DISK / 1e9:.0f} GB are needed under {there}"
    )


def _services(home: Path) -> Iterator[Finding]:
    for service in services.status(home):
        remedy = f"run `mart up --home {home}`"
        if service.state == "not ready":
            remedy = f"run `mart down --home {home}`, then `mart up`; its log is {home}/logs/{service.name}.log"
        found = " ".join([service.state, service.detail, _taken(home, service)]).strip()
        yield Finding(service.name, service.state == "up", found, remedy)
        if service.name == "kafka" and service.state == "up":
            yield _topics(home, service.address)


def _taken(home: Path, service: services.Status) -> str:
    """Tell of a stranger on the port of a service that is down."""
    port = ports.recorded(home).get(service.name)
    stranger = port and service.state == "down" and not ports.is_free(port)
    return f"(port {port} is taken: another will be chosen)" if stranger else ""


def _topics(home: Path, brokers: str) -> Finding:
    there = kafka_edge.topics(brokers)
    wanted = kafka_edge.wanted(Kafka())
    missing = sorted(wanted.keys() - there.keys())
    found = f"missing: {', '.join(missing)}" if missing else ", ".join(wanted)
    return Finding("topics", not missing, found, f"run `mart up --home {home}`")
