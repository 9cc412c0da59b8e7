"""Telling: an outbox of notices, each tried until its receiver has it, and never in anybody's way.

A notice stands in the memory before it is sent, so a kill loses none; it may be sent twice, recognisable by its id. A channel
that fails is left alone for the rest of the round, and its notice comes again after a while, twice as long each time.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from mart.edges.alerts import AlertsError, Channel
from mart.settings import Alerts
from mart.settings.watching import Place
from mart.watch.metric import Sample
from mart.watch.metrics import NOTICES_WAITING
from mart.watch.notices import Notice

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
TOO_LATE = timedelta(days=2)  # news of that age is none


class NoPlace(ValueError):
    """A route leads to a channel that has no place, or settings name an alarm that there is not."""


def check(alerts: Alerts, channels: Mapping[Place, Channel]) -> None:
    """Raise NoPlace where a route leads nowhere."""
    keys = {"slack": "alerts.slack.webhook", "email": "alerts.smtp.host", "sns": "alerts.sns.topic_arn"}
    for name, route in alerts.routes.items():
        if missing := [keys[to] for to in route.to if to not in channels]:
            raise NoPlace(f"alerts.routes.{name} leads nowhere: set {', '.join(missing)}, or take it out of its `to`")


def deliver(notices: Iterable[Notice], channels: Mapping[Place, Channel], now: datetime) -> list[Notice]:
    """Send what is due, oldest first. Returns the notices that still wait."""
    left, failed = list[Notice](), set[str]()
    for notice in notices:
        if notice.channel not in channels or now - notice.made_at > TOO_LATE:
            log.warning("%s to %s: dropped, nobody has taken it since %s", notice.id, notice.channel, notice.made_at)
        elif notice.channel in failed or (notice.due_at and notice.due_at > now):
            left.append(notice)
        elif tried := _send(notice, channels[notice.channel], now):
            failed.add(notice.channel)
            left.append(tried)
    return left


def _send(notice: Notice, channel: Channel, now: datetime) -> Notice | None:
    """Send a notice; give it back, for another time, where that failed."""
    try:
        channel.send(notice.message)
    except AlertsError as error:
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2**notice.attempts)
        log.warning("%s to %s: %s; again in %d s", notice.id, notice.channel, error, wait.total_seconds())
        return replace(notice, attempts=notice.attempts + 1, due_at=now + wait)
    return None


def waiting(notices: Iterable[Notice], channels: Iterable[Place]) -> list[Sample]:
    """Count the notices that wait, by channel."""
    waits = [notice.channel for notice in notices]
    return [NOTICES_WAITING.at(waits.count(name), channel=name) for name in channels]
