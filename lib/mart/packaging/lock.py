"""Which packages of requirements.lock a target needs: those it names, and what these need, on the target's machine.

In: the lock's text, names, a target's machine. Out: pins with their hashes. The lock holds no dependencies; they are read
from the packages that `make env` has installed, and held against the target's own wheels once they are there (`lacking`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mart.packaging import PackageError

Machine = dict[str, str]


@dataclass(frozen=True)
class Pin:
    """A package in the one version that the lock allows on a machine."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """Write it as pip reads it."""
        return " ".join([f"{self.name}=={self.version}", *self.hashes])


def machine(python: str, architecture: str) -> Machine:
    """Describe a target's machine as the markers of requirements do."""
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    cpython = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    versions = {"python_version": python, "python_full_version": f"{python}.0", "implementation_version": f"{python}.0"}
    return (
        linux | cpython | versions | {"platform_machine": architecture, "platform_release": "", "platform_version": ""}
    )


def pins(lock: str, there: Machine) -> dict[str, Pin]:
    """Read the lock as it is for a machine."""
    whole = lock.replace("\\\n", " ").splitlines()
    found: dict[str, Pin] = {}
    for line in (line for line in whole if line and not line.startswith("#")):
        words = line.split(" --hash=")
        asked = Requirement(words[0].strip())
        if asked.marker is None or asked.marker.evaluate(there):
            name = canonicalize_name(asked.name)
            found[name] = Pin(
                name, next(iter(asked.specifier)).version, tuple(f"--hash={w.strip()}" for w in words[1:])
            )
    return found


def closure(asked: Iterable[Requirement], locked: dict[str, Pin], there: Machine) -> list[Pin]:
    """Find the pins of what is asked for and of all that it needs, by name. Raises PackageError for one not locked."""
    taken: dict[tuple[str, str], None] = {}
    waiting = list(asked)
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name not in locked:
            raise PackageError(f"{one} is not in requirements.lock for {there['python_version']}: run `make lock`")
        for extra in {"", *one.extras} - {extra for known, extra in taken if known == name}:
            taken[name, extra] = None
            waiting += needed(_requires(name), there, extra)
    return [locked[name] for name in sorted({name for name, _ in taken})]


def needed(lines: Iterable[str], there: Machine, extra: str = "") -> Iterator[Requirement]:
    """Say which of a package's requirements hold on a machine."""
    for one in map(Requirement, lines):
        if one.marker is None or one.marker.evaluate(there | {"extra": extra}):
            yield one


def lacking(wheels: Iterable[Path], alone: Iterable[str], there: Machine) -> list[str]:
    """Say what wheels need and is not among them; what `alone` needs is somebody else's."""
    told = {canonicalize_name(wheel.name.split("-")[0]): list(needed(of_wheel(wheel), there)) for wheel in wheels}
    asked = ((name, one) for name, needs in told.items() if name not in alone for one in needs)
    return [f"{name} needs {one}" for name, one in asked if canonicalize_name(one.name) not in told]


def of_wheel(wheel: Path) -> list[str]:
    """Read the requirements of a wheel."""
    with ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])


def _requires(name: str) -> list[str]:
    """Read the requirements of an installed package. One that this machine's Python does without says nothing here."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []
