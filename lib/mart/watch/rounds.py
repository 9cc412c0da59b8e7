"""One look after another: gather, evaluate, remember, tell. Stateless but for the lake's memory, so a cron job does as well as a service.

Notices are remembered before they are sent: a kill loses none, unless the lake is away as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mart.edges import alerts as channels_of
from mart.edges import market_alerts
from mart.settings import Settings
from mart.watch import notices, telling
from mart.watch.alarms import Change, State, evaluate
from mart.watch.gather import Part, gather, parts
from mart.watch.memory import Keeper, Memory
from mart.watch.metric import Sample
from mart.watch.metrics import ALARMS, UNWATCHED


@dataclass(frozen=True)
class Seen:
    """What one look has come to."""

    at: datetime
    samples: Sequence[Sample]
    raised: Sequence[State]
    changes: Sequence[Change]


class Watch:
    """Watches one home. Raises NoPlace and AlertsError where the settings can't be used."""

    def __init__(self, settings: Settings, watched: Sequence[Part] | None = None) -> None:
        if unknown := settings.watch.thresholds.keys() - ALARMS.keys():
            raise telling.NoPlace(
                f"watch.thresholds: no such alarm: {', '.join(unknown)}. There are: {', '.join(ALARMS)}"
            )
        # The outbox tries again, later: a channel that is down must not hold the next look up.
        self.channels = channels_of.channels(settings.alerts.model_copy(update={"tries": 1}), settings.aws)
        telling.check(settings.alerts, self.channels)
        self._settings, self._memory, self._parts = settings, Keeper(settings), parts() if watched is None else watched

    def look(self, now: datetime) -> Seen:
        """Look at everything once, and tell whom it concerns. Raises OSError where the lake is away at the first one."""
        known, settings = self._memory.load(), self._settings
        market = Market(known.market)
        parts = [*self._parts, Part("market", market)]
        kept = UNWATCHED.at(self._memory.is_behind, part="memory")
        samples = [*gather(parts, settings, now), kept, *telling.waiting(known.outbox, self.channels)]
        remind = timedelta(hours=settings.watch.remind_hours)
        states, changes = evaluate(samples, known.alarms, now, settings.watch.thresholds, remind)
        alarms = notices.of_alarms(changes, settings, self.channels, now)
        outbox = (*known.outbox, *alarms, *notices.of_market(market.news, settings, self.channels, now))
        remembered = Memory(tuple(states), outbox, market.version)
        self._memory.save(remembered)
        if outbox != (still := tuple(telling.deliver(outbox, self.channels, now))):
            self._memory.save(replace(remembered, outbox=still))
        return Seen(now, samples, remembered.raised, changes)


@dataclass
class Market:
    """The market's alerts since a version of their table, which are no samples; what was raised before the first look is no news."""

    version: int | None
    news: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, settings: Settings, now: datetime) -> list[Sample]:
        newest = market_alerts.version(settings)
        if newest is not None and self.version is not None:
            self.news = market_alerts.since(settings, self.version, newest)  # none from a table that was made anew
        self.version = newest
        return []
