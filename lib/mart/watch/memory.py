"""What `mart watch` remembers from one look to the next: alarms that are not at rest, notices on their way, how far it has read.

One small JSON file on the lake, whole at any time: any machine can go on with it, one at a time.
"""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mart.edges import storage
from mart.settings import Settings
from mart.watch.alarms import State
from mart.watch.notices import Notice

log = logging.getLogger(__name__)

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


class Keeper:
    """Keeps the memory for one watch: on the lake, and while the lake is away in the watch itself, for then it is needed most."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: Memory | None = None
        # At the first look nothing is borne: a watch that has forgotten would tell the same time and again.
        self._is_first = True
        self.is_behind = False  # whether the lake lacks what is known

    def load(self) -> Memory:
        """Give what is remembered. Raises OSError where the lake is away at the first look."""
        self._is_first = self._known is None
        if self._known is None:
            self._known = load(self._settings)
        elif not self.is_behind:
            self._known = self._again(self._known)
        return self._known

    def save(self, memory: Memory) -> None:
        """Put a memory on the lake, unless it is there already. Raises OSError where the lake takes none at the first look."""
        if memory == self._known and not self.is_behind:
            return
        self._known = memory
        try:
            save(self._settings, memory)
            self.is_behind = False
        except OSError as error:
            if self._is_first:
                raise
            self.is_behind = True
            _away("written", error)

    def _again(self, known: Memory) -> Memory:
        """Read the lake's memory, which somebody may have taken away; what is known where that can't be read."""
        try:
            return load(self._settings)
        except OSError as error:
            _away("read", error)
            return known


def _away(done: str, error: OSError) -> None:
    log.warning(
        "%s can't be %s, so the watch goes on with what it knows: %s", PLACE, done, " ".join(str(error).split())
    )


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
