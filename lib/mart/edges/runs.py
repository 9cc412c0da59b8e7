"""What a service that runs jobs can do for us: send one, tell how it is, and give the end of its log.

Out: `Place`, which edges/emr, edges/emr_serverless and edges/glue_jobs are, and `State`.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LINES = 40  # of a log that failed


@dataclass(frozen=True)
class State:
    """How a run is."""

    word: str  # the service's own, e.g. RUNNING
    ended: bool
    good: bool  # it ended well
    why: str = ""  # what the service says of a failure


class Place(Protocol):
    """A service that runs jobs."""

    def send(self, arguments: Mapping[str, Any]) -> str:
        """Start a run, and give its id. Raises AwsError."""

    def look(self, run: str) -> State:
        """Tell how a run is. Raises AwsError."""

    def log(self, run: str) -> list[str]:
        """Read the last lines that a run has written; none where they are not there yet. Raises AwsError."""


def last(lines: Iterable[str]) -> list[str]:
    """Keep the last lines."""
    return list(deque(lines, LINES))
