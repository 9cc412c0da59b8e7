"""Gathering: every part is looked at when its time has come; one that can't be looked at is a sample itself.

In: settings, an instant. Out: samples. Parts don't know one another, and what one raises keeps none of the others from being seen.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mart.settings import Settings
from mart.watch import data, jobs, lake, models, shops, sources, warehouse
from mart.watch.metric import Sample
from mart.watch.metrics import UNWATCHED
from mart.watch.service import Service

log = logging.getLogger(__name__)

Look = Callable[[Settings, datetime], Iterable[Sample]]

OFTEN, SELDOM = timedelta(0), timedelta(minutes=10)  # the latter reads rows, or asks what costs money to ask


@dataclass
class Part:
    """Something that is looked at, and what was seen of it last."""

    name: str
    look: Look
    every: timedelta = OFTEN
    seen_at: datetime | None = None
    samples: list[Sample] = field(default_factory=list)
    failed: bool = False

    def is_due(self, now: datetime) -> bool:
        return self.seen_at is None or now - self.seen_at >= self.every


def parts() -> list[Part]:
    """List everything that is watched."""
    return [
        Part("landing", lake.landings),
        Part("ledger", lake.ledger),
        Part("freshness", lake.freshness),
        Part("kafka", sources.topics),
        Part("kinesis", sources.shards),
        Part("jobs", jobs.jobs),
        Part("crawls", shops.shops),
        Part("service", Service()),
        Part("registry", models.models, SELDOM),
        Part("volume", data.volumes, SELDOM),
        Part("prices", data.prices, SELDOM),
        Part("drift", models.drift, SELDOM),
        Part("snowflake", warehouse.warehouse, SELDOM),
    ]


def gather(watched: Iterable[Part], settings: Settings, now: datetime) -> Iterator[Sample]:
    """Look at every part whose time has come; of the others give what was seen last."""
    for part in watched:
        if part.is_due(now):
            _look(part, settings, now)
        yield UNWATCHED.at(part.failed, part=part.name)
        yield from part.samples


def _look(part: Part, settings: Settings, now: datetime) -> None:
    """Look at a part; where that fails nothing is known of it until it is looked at again."""
    part.seen_at = now
    try:
        part.samples, part.failed = list(part.look(settings, now)), False
    except Exception as error:  # noqa: BLE001 each system has errors of its own; any of them means: unwatched, which is an alarm
        log.warning("%s can't be looked at: %s", part.name, " ".join(str(error).split())[:500])
        part.samples, part.failed = [], True
