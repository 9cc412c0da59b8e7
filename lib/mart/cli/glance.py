"""The figures that `mart status` shows: how lake, streams and jobs are, a line for each thing; no Spark, and nobody is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from rich import box
from rich.table import Table

from mart.local.services import Status
from mart.settings import Settings
from mart.watch import memory
from mart.watch.alarms import State, figure, sentence, threshold
from mart.watch.gather import OFTEN, Part, gather, parts
from mart.watch.metric import Sample
from mart.watch.metrics import (
    BATCH_RECORDS,
    BATCH_SECONDS,
    FRESHNESS,
    JOB_FAILED,
    JOB_SILENT,
    LAG_RECORDS,
    LAG_SECONDS,
    LANDED,
    LEDGER_DIFFERENCE,
    REJECT_SHARE,
    UNWATCHED,
)

MAIN = (
    *(LANDED, REJECT_SHARE, LEDGER_DIFFERENCE, FRESHNESS, LAG_RECORDS, LAG_SECONDS),
    *(BATCH_RECORDS, BATCH_SECONDS, JOB_FAILED, JOB_SILENT, UNWATCHED),
)
PARTS = {"kafka": "kafka", "aws": "kinesis", "api": "service"}  # what can't be looked at without a local service
HERE = "127.0.0.1"
SILENT_WHEN_GOOD = (JOB_SILENT, UNWATCHED)


@dataclass(frozen=True)
class Glance:
    """What can be seen in a moment, and the alarms that `mart watch` has raised."""

    samples: Sequence[Sample]
    raised: Sequence[State]
    settings: Settings

    @classmethod
    def at(cls, settings: Settings, services: Sequence[Status] = ()) -> Self:
        """Look at what costs little to look at, and is not known to be down. A home without a lake has nothing to show."""
        down = _down(settings, services)
        often = [part for part in parts() if part.every == OFTEN and part.name not in down]
        raised = Raised()
        seen = gather([*often, Part("memory", raised)], settings, datetime.now(UTC))
        return cls([one for one in seen if one.metric in MAIN], raised.states, settings)

    def document(self) -> dict[str, Any]:
        alarms = [
            {"alarm": one.alarm, "labels": dict(one.labels), "since": one.since.isoformat()} for one in self.raised
        ]
        return {"metrics": [sample.document() for sample in self.samples], "alarms": alarms}

    def table(self) -> Table:
        thresholds = self.settings.watch.thresholds
        table = Table("figure", "of", "value", box=box.SIMPLE)
        table.columns[0].no_wrap = True
        for sample in self.samples:
            if sample.value or sample.metric not in SILENT_WHEN_GOOD:
                labels = ", ".join(value for _, value in sample.labels)
                table.add_row(sample.metric.exposed, labels, self._value(sample))
        for state in self.raised:
            table.add_row("[red]alarm[/]", state.alarm, f"[red]{sentence(state, thresholds)}[/]")
        return table

    def _value(self, sample: Sample) -> str:
        alarm, text = sample.metric.alarm, figure(sample.value, sample.metric.unit)
        is_bad = alarm is not None and alarm.is_bad(sample.value, threshold(alarm, self.settings.watch.thresholds))
        return f"[red]{text}[/]" if is_bad else text


@dataclass
class Raised:
    """The alarms that `mart watch` remembers, which are no samples."""

    states: Sequence[State] = field(default_factory=list)

    def __call__(self, settings: Settings, now: datetime) -> list[Sample]:
        self.states = memory.load(settings).raised
        return []


def _down(settings: Settings, services: Sequence[Status]) -> set[str]:
    """Name the parts whose service on this machine is down: a client would wait for it."""
    away = {one.name for one in services if one.state != "up"}
    places = {"kafka": settings.kafka.brokers, "aws": settings.aws.endpoint_url, "api": settings.watch.service}
    return {PARTS[name] for name, place in places.items() if name in away and HERE in place}
