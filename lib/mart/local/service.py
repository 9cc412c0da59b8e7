"""What a local service is: one declaration each, so that up, status and down are loops over declarations."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a service of one home lives."""

    home: Path  # absolute
    port: int  # of the client's door
    inner_port: int = 0  # of a door that clients don't use

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def nothing(place: Place) -> None:
    """Prepare or furnish nothing."""


class ServiceError(RuntimeError):
    """A service that does not come up; the message says why and what to do."""


@dataclass(frozen=True)
class Service:
    """Everything that is particular to one service."""

    name: str
    title: str
    keeps: str  # what of its data outlives a restart, for people
    keeps_data: bool
    address: str  # what a person opens or a client is given; {port} is filled in
    command: Callable[[Place], list[str]]
    check: Callable[[Place], None]  # raises unless a client's request is answered
    settings: Callable[[Place], dict[str, dict[str, Any]]]  # its part of services.toml
    prepare: Callable[[Place], None] = nothing  # before it starts
    furnish: Callable[[Place], None] = nothing  # once it answers
    environment: Callable[[Place], dict[str, str]] = lambda place: {}
    has_inner_port: bool = False

    def mark(self, home: Path) -> str:
        """Name this service of this home, among the processes of the machine."""
        return f"{self.name} of {home}"

    def ports(self) -> list[str]:
        """List the names that its ports are recorded under."""
        return [self.name, f"{self.name}-inner"] if self.has_inner_port else [self.name]

    def place(self, home: Path, ports: dict[str, int]) -> Place:
        return Place(home, *(ports[name] for name in self.ports()))

    def log(self, home: Path) -> Path:
        return home / "logs" / f"{self.name}.log"
