"""What a check found, for a person and for `--json`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One finding; a check that found nothing wrong says so with one that is not off."""

    check: str  # the check, e.g. warehouse
    subject: str  # what it looked at, e.g. serving.sales
    detail: str  # what it found
    off: bool  # whether that is not as it should be
