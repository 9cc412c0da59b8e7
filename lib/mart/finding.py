"""What a doctor found: one thing that was looked at, and what to do where it is not as it should be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str  # what to do where it is not ok
