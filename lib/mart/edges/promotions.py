"""Which version was champion when, by whom and why: a tag of the version for each time, written before the alias moves.

Tags are only ever added. One whose alias never moved, since the process was killed between the two, is found out by the next:
each says whom it replaced.
"""

import getpass
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from mart.edges import registry
from mart.edges.registry import Version
from mart.settings import Settings

TAG = "champion."
PROMOTED, FORCED, ROLLED_BACK = "promoted", "forced", "rolled back"


@dataclass(frozen=True)
class Promotion:
    """A version that became champion."""

    version: str
    at: datetime
    kind: str  # promoted, forced or rolled back
    who: str
    why: str
    replaced: str | None  # the champion before
    failed: tuple[str, ...] = ()  # checks of the gate that it was forced past

    def line(self) -> str:
        """Tell it to a person."""
        past = f" past {', '.join(self.failed)}" if self.failed else ""
        instead = f" instead of version {self.replaced}" if self.replaced else ""
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}{past} by {self.who}{instead}: {self.why}"


def promote(
    settings: Settings, version: str, kind: str, why: str, replaced: str | None, failed: tuple[str, ...] = ()
) -> Promotion:
    """Make a version champion, and keep on record that it was."""
    made = Promotion(version, datetime.now(UTC), kind, _who(), " ".join(why.split()), replaced, failed)
    told = asdict(made) | {"at": made.at.isoformat()}
    registry.tag(settings, version, f"{TAG}{made.at:%Y%m%dT%H%M%S.%f}", json.dumps(told))
    registry.release(settings, version, registry.CHAMPION)
    return made


def of(version: Version) -> list[Promotion]:
    """List the times a version became champion, oldest first."""
    return [_read(value) for key, value in sorted(version.tags.items()) if key.startswith(TAG)]


def succession(versions: Iterable[Version], champion: str | None) -> list[Promotion]:
    """Give the champions that a rollback goes back through, the present one last; empty where none is on record."""
    made = sorted((one for version in versions for one in of(version)), key=lambda one: one.at)
    then = [*(following.replaced for following in made[1:]), champion]
    line: list[Promotion] = []
    for one in (one for one, after in zip(made, then, strict=False) if one.version == after):
        line = _down_to(line, one.version) if one.kind == ROLLED_BACK else [*line, one]
    return line


def _down_to(line: list[Promotion], version: str) -> list[Promotion]:
    """Leave out the champions after a version, which a rollback has undone."""
    while line and line[-1].version != version:
        line = line[:-1]
    return line


def _who() -> str:
    """Name the user; a container may run under a number that has no name (KeyError up to Python 3.12, then OSError)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _read(value: str) -> Promotion:
    told = json.loads(value)
    return Promotion(**(told | {"at": datetime.fromisoformat(told["at"]), "failed": tuple(told["failed"])}))
