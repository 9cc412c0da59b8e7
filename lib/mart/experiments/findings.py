"""What a report consists of; as JSON it is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mart.experiments.estimate import Estimate


@dataclass(frozen=True)
class Variant:
    """What the shoppers of a variant did; a measure without shoppers, or with nothing to divide by, has no number."""

    variant: str
    share: float
    shoppers: int
    counts: Mapping[str, int]
    measures: Mapping[str, Estimate | None]


@dataclass(frozen=True)
class Difference:
    """How much more a variant has of a measure than `against`.

    `relative` is a share of what `against` has. Where no difference is shown, `shoppers_needed` says how many it takes: in each
    variant, or in the whole of an interleaved experiment.
    """

    measure: str
    variant: str
    against: str
    value: float
    low: float
    high: float
    relative: float | None
    shown: bool
    shoppers_needed: int | None


@dataclass(frozen=True)
class Report:
    """An experiment between two instants."""

    experiment: str
    since: datetime
    until: datetime
    interleaved: bool
    variants: Sequence[Variant]
    differences: Sequence[Difference]
    crossed: int  # shoppers who saw more than one variant; they count for the first
    unpriced: int  # purchases in a currency without a rate; they add no revenue
    share_mismatch: float | None  # p-value; None where everybody sees both
    trusted: bool
    verdict: str

    def document(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        return asdict(self) | {"since": self.since.isoformat(), "until": self.until.isoformat()}
