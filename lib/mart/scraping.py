"""One bounded crawl of a shop, as a Lambda function or a container task runs it: its memory comes from S3 and goes back there.

In: an event that names a shop, and the seconds that are left. Out: what became of it; a crawl that failed raises, so that the
function's errors count it. When time runs out the crawl is told to stop and its memory is saved: the next one goes on with it,
also when it had to be killed, for it remembers a page only once that is published.
"""

import signal
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mart import crawls
from mart.crawls import Crawls, Ended
from mart.edges import containers
from mart.edges.crawl_state import Busy, CrawlState
from mart.settings import Settings

PROGRAM = "jobs/streaming/scrape_lambda.py"
Event = dict[str, Any]
Answer = dict[str, Any]


class CrawlFailed(RuntimeError):
    """A crawl that did not end well; the message says which, and its last words."""


class NoShop(ValueError):
    """An event that names no shop of the settings, or a limit that is none."""


class TooShort(RuntimeError):
    """Too little time is left for a crawl; the message says how much it takes."""


@dataclass(frozen=True)
class Times:
    """How the seconds of an invocation are spent, but for the crawl itself."""

    close: float = 60  # from when it is told to stop until it is killed; halfway it is told again
    save: float = 20
    least: float = 20  # less is not worth beginning a crawl for

    def crawl(self, left: float) -> float:
        """Say how long the crawl may take. Raises TooShort."""
        seconds = left - self.close - self.save
        if seconds < self.least:
            needed = self.close + self.save + self.least
            raise TooShort(f"{left:.0f} s are left and a crawl needs {needed:.0f}: give the function a longer timeout")
        return seconds


class Scraper:
    """Crawls shops of the settings, one at a time."""

    def __init__(self, settings: Settings, times: Times = Times(), command: tuple[str, ...] = crawls.COMMAND) -> None:
        self._settings, self._times = settings, times
        self._crawls = Crawls([], {"MART_SCRAPING__STATE": ""}, command)  # what the child remembers lies in its home

    def __call__(self, event: Event, left: float, request: str) -> Answer:
        """Crawl here, or in a container where pages need a browser. Raises NoShop, TooShort, CrawlFailed, StateError."""
        name, limit = self._asked(event)
        if not self._settings.shops[name].javascript:
            return self.here(event, left)
        command = ["python", PROGRAM, name, *([str(limit)] if limit else [])]
        task = containers.start(self._settings.container, self._settings.aws, command, request)
        return {"shop": name, "outcome": "container", "task": task}

    def here(self, event: Event, left: float) -> Answer:
        """Crawl in a child of this process, while nobody else crawls the shop."""
        began_at, seconds = datetime.now(UTC), self._times.crawl(left)
        name, limit = self._asked(event)
        state = CrawlState(self._settings.scraping.state, self._settings.aws)
        try:
            with state.lease(name, uuid.uuid4().hex, began_at + timedelta(seconds=left)):
                ended = self._crawl(state, name, limit, seconds)
        except Busy as busy:
            return {"shop": name, "outcome": "busy", "until": busy.until.isoformat()}
        if ended.outcome == "failed":
            raise CrawlFailed(ended.sentence())
        return {"shop": name, **ended.document()}

    def main(self, words: list[str]) -> Answer:
        """Crawl as a container's program does: a shop, and a limit. SIGTERM lets the crawl close and its memory be saved."""
        signal.signal(signal.SIGTERM, lambda *_: self._crawls.stop())
        asked = dict(zip(("shop", "limit"), words, strict=False))
        event = asked | ({"limit": int(asked["limit"])} if "limit" in asked else {})
        return self.here(event, self._settings.container.minutes * 60)

    def _crawl(self, state: CrawlState, name: str, limit: int | None, seconds: float) -> Ended:
        """Crawl between fetching the memory and saving it, however the crawl went."""
        with TemporaryDirectory(prefix="crawl-") as home:
            folder = Path(home) / "crawls" / name.replace("/", "_")
            version = state.fetch(name, folder)
            more = ("--home", home, *(("--limit", str(limit)) if limit else ()))
            ended = self._crawls.run(name, more, seconds, self._times.close)
            if folder.exists():
                state.save(name, folder, version)
            state.note(name, ended.document())
            return ended

    def _asked(self, event: Event) -> tuple[str, int | None]:
        """Read the shop and the limit of a rule's input, or of an event's detail."""
        asked = event if "shop" in event else event.get("detail")
        name = asked.get("shop") if isinstance(asked, dict) else None
        if not isinstance(name, str) or name not in self._settings.shops:
            names = ", ".join(sorted(self._settings.shops)) or "none"
            raise NoShop(f'the event asks for the shop {name!r}: it must be {{"shop": NAME}}, of {names}')
        limit = asked.get("limit") if isinstance(asked, dict) else None
        if limit is not None and (type(limit) is not int or limit < 1):
            raise NoShop(f"{name}: limit {limit!r} is no number of pages")
        return name, limit
