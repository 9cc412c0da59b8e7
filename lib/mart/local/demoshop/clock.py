"""The day of the demo shops: 0 at first, put on by hand, by a file, or by itself every so many seconds."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from mart.local.files import write


@dataclass
class Clock:
    """Tell the day. A file keeps it over restarts, and whoever writes another day into it puts the clock on."""

    file: Path | None = None
    seconds: float | None = None  # that a day lasts; None: until somebody puts the clock on
    _set: tuple[int, float] = field(default_factory=lambda: (0, time.monotonic()))

    @property
    def day(self) -> int:
        day, since = self._set
        if self.file is not None and self.file.exists():
            day = int(self.file.read_text())
        passed = int((time.monotonic() - since) / self.seconds) if self.seconds else 0
        return day + passed

    @day.setter
    def day(self, day: int) -> None:
        self._set = (day, time.monotonic())
        if self.file is not None:
            write(self.file, f"{day}\n")
