"""The demo's second half: other shops are crawled, twice, with new prices in between; from their pages to the final tables.

In: a home whose services are up, and a catalogue of our own. Out: the market as it stands on the second day, and what of the
truth about the demo shops it meets.
"""

import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

from mart import rates
from mart.crawls import Crawls, Ended
from mart.edges import inbox
from mart.local.demo.screen import Screen
from mart.local.demoshop.service import NAMES
from mart.local.http import DIRECT, get
from mart.local.poller import Polling, poll
from mart.settings import Settings
from mart.staging.function import Function

# What one unit was worth in euros, about, when this was written: the shops of the demo, and of the real data that it plays.
RATES = {"USD": 0.9, "INR": 0.0098, "GBP": 1.15, "BRL": 0.16}
Truth = list[dict[str, Any]]


class CrawlFailed(RuntimeError):
    """A crawl of a demo shop that did not end well; the message says how it ended."""


class Market:
    """Two days of the demo shops. `run` runs a job to its end."""

    def __init__(self, settings: Settings, screen: Screen, run: Callable[[str], None]) -> None:
        self._settings, self._screen, self._run = settings, screen, run
        self._site = settings.shops[next(iter(NAMES.values()))].start[0].rsplit("/", 2)[0]

    def play(self) -> tuple[Truth, Truth]:
        """Play both days; return the truth about them."""
        self._load_rates()
        self._day("first day")
        yesterday = self._truth()
        DIRECT.open(urllib.request.Request(f"{self._site}/clock?day=1", method="POST"), timeout=5).close()
        self._day("next day, at new prices")
        return yesterday, self._truth()

    def _load_rates(self) -> None:
        now = datetime.now(UTC)
        rows = [
            {"rate_day": "2020-01-01", "currency": name, "rate": rate, "loaded_at": str(now)}
            for name, rate in RATES.items()
        ]
        inbox.write(self._settings, rates.FOLDER, "demo", (json.dumps(row).encode() for row in rows))
        with self._screen.step("Rates: what other currencies are worth"):
            self._run("batch/rates")

    def _day(self, called: str) -> None:
        with self._screen.step(f"Crawl, {called}: three shops, from their pages to Kafka") as step:
            ended = self._crawl()
            found = [one.summary or {} for one in ended]
            counts = {
                name: sum(int(one.get(name, 0)) for one in found) for name in ("pages", "new", "changed", "unchanged")
            }
            step.note = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        with self._screen.step("Lambda: the topic is polled into Snowflake's staging") as step:
            how = Polling(batch_size=1_000, available_now=True)
            load = Function(self._settings)
            tally = poll(self._settings, how, lambda event, _: load(event), Event(), lambda _: None)
            step.note = f"{tally.records:,} records in {tally.invocations} invocations"
        with self._screen.step("Ingest: offers and reviews land on the lake"):
            self._run("streaming/ingest_offers")
        with self._screen.step("Refine: put right, priced in one currency, matched across shops"):
            self._run("batch/refine_offers")
        with self._screen.step("Alerts: what changed since the shops were last seen"):
            self._run("streaming/offer_alerts")

    def _crawl(self) -> list[Ended]:
        """Crawl the shops side by side. Raises CrawlFailed."""
        crawls = Crawls(["--home", str(self._settings.home)])
        with ThreadPoolExecutor(len(NAMES)) as pool:
            ended = list(pool.map(crawls.run, NAMES.values()))
        if failed := [one.sentence() for one in ended if one.outcome != "finished"]:
            raise CrawlFailed("; ".join(failed))
        return ended

    def _truth(self) -> Truth:
        found: Truth = json.loads(get(f"{self._site}/truth.json", timeout=30))
        return found
