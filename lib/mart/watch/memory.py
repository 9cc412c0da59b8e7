"""What `mart watch` remembers from one look to the next: alarms that are not at rest, notices on their way, how far it has read.

One small JSON file on the lake, whole at any time: any machine can go on with it, one at a time.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mart.edges import storage
from mart.settings import Settings
from mart.watch.alarms import State
from mart.watch.notices import Notice

PLACE = "ops/watch.json"
INSTANTS = ("since", "seen_at", "told_at", "good_since", "made_at", "due_at")


@dataclass(frozen=True)
class Memory:
    """What is remembered."""

    alarms: tuple[State, ...] = ()
    outbox: tuple[Notice, ...] = ()
    market: int | None = None  # version of serving.alerts up to which it has been told

    @property
    def raised(self) -> list[State]:
        return [state for state in self.alarms if state.is_raised]

    def json(self) -> str:
        return json.dumps(asdict(self), default=lambda instant: instant.isoformat(), indent=1)

    @classmethod
    def of(cls, text: str) -> "Memory":
        """Read what `json` wrote."""
        read = json.loads(text)
        alarms = [State(**_timed(one) | {"labels": _pairs(one["labels"])}) for one in read["alarms"]]
        outbox = [Notice(**_timed(one) | {"lines": tuple(one["lines"])}) for one in read["outbox"]]
        return cls(tuple(alarms), tuple(outbox), read["market"])


def load(settings: Settings) -> Memory:
    """Read the memory of a lake; an empty one where nobody has watched it yet."""
    text = storage.read(*_place(settings))
    return Memory.of(text.decode()) if text else Memory()


def save(settings: Settings, memory: Memory) -> None:
    """Put a memory in place of the one before."""
    storage.put(*_place(settings), memory.json().encode())


def _place(settings: Settings) -> tuple[Any, str]:
    files, path = storage.find(settings, settings.lake)
    return files, f"{path}/{PLACE}"


def _timed(one: dict[str, Any]) -> dict[str, Any]:
    return {key: datetime.fromisoformat(value) if key in INSTANTS and value else value for key, value in one.items()}


def _pairs(labels: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in labels)
