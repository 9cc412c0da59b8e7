"""Crawls as child processes: what Twisted starts can't be started twice in one process, and a crawl may die alone.

In: a shop's name, and for how long. Out: `Ended`, how it went. Children are in sessions of their own, so that a Ctrl-C at the
terminal comes to them once, through us: a second one lets Scrapy drop what it has at hand.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from mart.settings import ROOT, Settings, SettingsError

COMMAND = (sys.executable, "-m", "scrapers", "crawl")
LONGEST = 500  # characters of a child's last words
CUT_SHORT = ("shutdown", "failed")  # how a crawl calls its end when it is told to stop once, and twice

Summary = dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """How a crawl went."""

    shop: str
    began_at: datetime
    ended_at: datetime
    exit_code: int  # of a signal: below 0
    said: str  # its last words on stderr
    summary: Summary | None  # as it prints it; None where it came to none
    told_to_stop: bool

    @property
    def seconds(self) -> float:
        return round((self.ended_at - self.began_at).total_seconds(), 1)

    @property
    def outcome(self) -> str:
        """finished; unfinished, where it was told to stop: the next crawl goes on with it, even if it was killed; or failed."""
        if self.exit_code == 0:
            return "finished"
        ended_by_us = self.exit_code in (-signal.SIGTERM, -signal.SIGKILL) or self._reason in CUT_SHORT
        return "unfinished" if self.told_to_stop and ended_by_us else "failed"

    @property
    def _reason(self) -> object:
        return (self.summary or {}).get("reason")

    def sentence(self) -> str:
        if self.outcome == "failed":
            return f"{self.shop}: crawl failed after {self.seconds:,} s, exit code {self.exit_code}: {self.said}"
        items = f", {self.summary['items']:,} items" if self.summary and "items" in self.summary else ""
        return f"{self.shop}: crawl {self.outcome} after {self.seconds:,} s{items}"

    def document(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in ("outcome", "exit_code", "seconds", "said", "summary")}
        return {"began_at": self.began_at.isoformat(), "ended_at": self.ended_at.isoformat()} | found


def folder(settings: Settings) -> Path:
    """Name the folder of what crawls remember. Raises SettingsError where it lies elsewhere than on this machine."""
    state = settings.scraping.state
    if "://" in state:
        raise SettingsError(
            f"scraping.state is {state}: here it must be a folder; only the Lambda function keeps it on S3"
        )
    return Path(state).absolute() if state else settings.home / "crawls"


class Crawls:
    """The crawls that this process has started. `more` are words for each of them, after the shop's name."""

    def __init__(
        self, more: list[str], variables: dict[str, str] | None = None, command: tuple[str, ...] = COMMAND
    ) -> None:
        path = os.pathsep.join(str(one) for one in (ROOT, *sys.path) if str(one))
        self._environment = os.environ | {"PYTHONPATH": path} | (variables or {})
        self._command, self._more = command, more
        self._children: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._lock = RLock()  # `stop` may be called from a signal's handler

    def run(self, shop: str, more: tuple[str, ...] = (), seconds: float | None = None, grace: float = 0) -> Ended:
        """Run one to its end; after so many seconds it is told to stop, and killed after so many more."""
        began_at = datetime.now(UTC)
        child = self._start([*self._command, shop, "--json", *self._more, *more])
        try:
            out, err, timed_out = _attend(child, seconds, grace)
        finally:
            self._children.discard(child)
        told = timed_out or self._stopped
        return Ended(shop, began_at, datetime.now(UTC), child.returncode, _last(err), _summary(out), told)

    def stop(self) -> None:
        """Tell all of them to stop, and those that are still to come."""
        with self._lock:
            self._stopped = True
            for child in list(self._children):
                child.terminate()

    def _start(self, words: list[str]) -> subprocess.Popen[str]:
        with self._lock:
            child = subprocess.Popen(
                words,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._children.add(child)
            if self._stopped:
                child.terminate()
        return child


def _attend(child: subprocess.Popen[str], seconds: float | None, grace: float) -> tuple[str, str, bool]:
    """Wait for a child; ask it to stop when its time is over, ask again after half the grace, and kill it after the other half.

    Asked once, Scrapy still fetches what it has taken on, at the shop's pace; asked twice, it drops that.
    """
    for asked, wait in enumerate((seconds, grace / 2, grace / 2)):
        try:
            return *child.communicate(timeout=wait), asked > 0
        except subprocess.TimeoutExpired:
            child.terminate()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # with the browser that it may have started
    return *child.communicate(), True


def _summary(out: str) -> Summary | None:
    try:
        found = json.loads(out)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _last(err: str) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return lines[-1][:LONGEST] if lines else "it said nothing"
