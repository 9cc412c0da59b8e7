"""Crawls when their time has come: what is due is a pure function of a timetable and two instants, the rest starts it.

In: the shops' cron lines, and a clock. Out: crawls of different shops side by side, never two of one shop, one line for each
start and end. As with cron, what was missed while nobody ran, or while the machine slept, is not made up.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mart.crawls import Crawls, Ended
from mart.cron import BadCron, Cron
from mart.edges.outcomes import Outcomes
from mart.settings import SettingsError, Shop

LATE = timedelta(minutes=1)  # a turn that is noticed later than this was missed
LONGEST = timedelta(seconds=30)  # between two looks at the clock: it may be set, and machines sleep

Timetable = dict[str, Cron]
Tell = Callable[[str], None]


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime: ...

    def wait(self, seconds: float) -> bool:
        """Wait; True as soon as somebody asks to stop, each time anew."""


@dataclass(frozen=True)
class Turn:
    """A shop's time has come."""

    shop: str
    at: datetime


def timetable(shops: dict[str, Shop]) -> Timetable:
    """Read the shops' cron lines; a shop without one is crawled only when asked for. Raises SettingsError that names them."""
    table, faults = {}, []
    for name, shop in shops.items():
        if shop.cron.strip():
            try:
                table[name] = Cron(shop.cron.strip())
            except BadCron as fault:
                faults.append(f"shops.{name}.cron: {fault}")
    if faults:
        raise SettingsError("settings: " + "; ".join(faults))
    return table


def due(table: Timetable, since: datetime, now: datetime) -> list[Turn]:
    """List whose turn has come after `since`, the earliest first; of several turns of a shop the latest."""
    turns = (Turn(shop, cron.latest(now)) for shop, cron in table.items())
    return sorted((turn for turn in turns if turn.at > since), key=lambda turn: (turn.at, turn.shop))


def pause(table: Timetable, now: datetime) -> float:
    """Say how many seconds nothing is due."""
    nearest = min(cron.after(now) for cron in table.values()) - now
    return min(nearest, LONGEST).total_seconds()


class Runner:
    """Starts what is due, so many at once at most; the rest waits for its turn."""

    def __init__(
        self, table: Timetable, crawls: Crawls, outcomes: Outcomes, clock: Clock, tell: Tell, at_once: int = 2
    ) -> None:
        self._table, self._crawls, self._outcomes = table, crawls, outcomes
        self._clock, self._tell, self._at_once = clock, tell, at_once
        self._work: dict[str, Future[None]] = {}

    def run(self) -> None:
        """Run until asked to stop; then crawls are told so and waited for, and told again if we are asked again."""
        since = self._clock.now()
        with ThreadPoolExecutor(self._at_once) as pool:
            try:
                while not self._clock.wait(pause(self._table, self._clock.now())):
                    now = max(since, self._clock.now())
                    self._tend(pool, due(self._table, since, now), now)
                    since = now
            finally:
                self._end()

    def _tend(self, pool: ThreadPoolExecutor, turns: Iterable[Turn], now: datetime) -> None:
        self._clear()
        for turn in turns:
            if now - turn.at > LATE:
                self._tell(
                    f"{turn.shop}: its turn at {turn.at:%H:%M} was missed: this machine slept, or its clock was set"
                )
            elif turn.shop in self._work:
                self._tell(f"{turn.shop}: its turn at {turn.at:%H:%M} is left out: the crawl before it has not ended")
            else:
                self._work[turn.shop] = pool.submit(self._crawl, turn.shop)

    def _crawl(self, shop: str) -> None:
        self._tell(f"{shop}: crawl begins")
        ended: Ended = self._crawls.run(shop)
        self._outcomes.note(shop, ended.document())
        self._tell(ended.sentence())

    def _clear(self) -> None:
        """Forget crawls that have ended. Raises what kept one from being started or noted."""
        for shop in [shop for shop, work in self._work.items() if work.done()]:
            self._work.pop(shop).result()

    def _end(self) -> None:
        for shop in [shop for shop, work in self._work.items() if work.cancel()]:
            self._work.pop(shop)
            self._tell(f"{shop}: its turn is left out: it waited for another crawl to end")
        self._crawls.stop()
        while not all(work.done() for work in self._work.values()):
            if self._clock.wait(0.2):
                self._crawls.stop()
        self._clear()
