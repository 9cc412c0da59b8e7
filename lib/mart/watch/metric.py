"""What a metric is: name, unit, labels, meaning, and the alarm that hangs on it.

Standard library only: a Lambda function reads a declaration, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "critical"]
Kind = Literal["gauge", "counter", "histogram"]
By = Literal[
    "watch", "service", "function"
]  # who shows it: `mart watch`, /metrics of `mart serve`, a Lambda function's log
Labels = tuple[tuple[str, str], ...]  # sorted by name

UNITS = ("seconds", "records", "bytes", "share", "1")


@dataclass(frozen=True)
class Alarm:
    """When a metric is worth a person's attention. Its name is that of the runbook's section."""

    name: str
    says: str  # what is the matter; the labels, {value} and {threshold} are filled in
    threshold: float  # a value beyond it is bad
    severity: Severity
    seconds: int = 0  # that it must be bad before it is raised, and good before it is cleared
    below: bool = False  # the lower, the worse
    silence_is_bad: bool = False  # whoever measures it may have died

    def is_bad(self, value: float, threshold: float) -> bool:
        return value < threshold if self.below else value > threshold


@dataclass(frozen=True)
class Metric:
    """The single source of truth about a metric. Raises ValueError for a unit that there is not."""

    name: str
    theme: str
    unit: str
    doc: str
    labels: tuple[str, ...] = ()
    kind: Kind = "gauge"
    alarm: Alarm | None = None
    by: By = "watch"
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.name}: no such unit: {self.unit}")

    @property
    def exposed(self) -> str:
        """Its name as Prometheus shows it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name

    def at(self, value: float, **labels: str) -> "Sample":
        """Make a sample. Raises ValueError where the labels are not those declared."""
        if set(labels) != set(self.labels):
            raise ValueError(f"{self.name} has the labels {', '.join(self.labels) or 'none'}, not {', '.join(labels)}")
        return Sample(self, float(value), tuple(sorted(labels.items())))


@dataclass(frozen=True)
class Sample:
    """A metric's value, for its labels, when it was looked at."""

    metric: Metric
    value: float
    labels: Labels = ()

    @property
    def named(self) -> Mapping[str, str]:
        return dict(self.labels)

    def document(self) -> dict[str, object]:
        return {"metric": self.metric.exposed, "labels": dict(self.labels), "value": self.value}


def worst(samples: Iterable[Sample]) -> list[Sample]:
    """Give the worst value of each metric with an alarm and labels, without labels: an alarm of CloudWatch knows no others."""
    found: dict[str, Sample] = {}
    for sample in samples:
        alarm, known = sample.metric.alarm, found.get(sample.metric.name)
        if alarm and sample.metric.labels and (known is None or alarm.is_bad(sample.value, known.value)):
            found[sample.metric.name] = Sample(sample.metric, sample.value)
    return list(found.values())
