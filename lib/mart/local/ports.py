"""A port for each service of a home: chosen once, used again as long as it is free."""

import json
import socket
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

RANGE = range(20_000, 32_000)  # below the ports that Linux hands to outgoing connections


def recorded(home: Path) -> dict[str, int]:
    """Read the ports chosen so far."""
    file = home / "ports.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def choose(home: Path, idle: Iterable[str]) -> dict[str, int]:
    """Give each idle service its recorded port, or a new one where that is taken; return the ports of all."""
    ports = recorded(home)
    for name in idle:
        if name not in ports or not _comes_free(ports[name]):
            ports[name] = free(home, ports.values())
    return ports


def free(home: Path, besides: Iterable[int] = ()) -> int:
    """Find a free port, looking from a place that differs from home to home."""
    first = zlib.crc32(str(home).encode()) % len(RANGE)
    taken = set(besides)
    candidates = (RANGE[(first + step) % len(RANGE)] for step in range(len(RANGE)))
    return next(port for port in candidates if port not in taken and is_free(port))


def _comes_free(port: int, patience: float = 3) -> bool:
    """Wait a little for a port: a killed service holds it until the kernel has taken its memory back."""
    deadline = time.monotonic() + patience
    while not (came := is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return came


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Tell whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
