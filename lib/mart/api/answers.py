"""What the engine answers, and what it can't: values only, which api/recommendations words as JSON."""

from dataclasses import dataclass
from datetime import datetime

from mart.api.explain import Contribution
from mart.api.recommend import Item


class NotReady(RuntimeError):
    """The engine can't answer yet; the message says what it lacks."""


class UnknownProduct(LookupError):
    """Neither the catalogue, nor the model, nor anybody's history knows the product."""


class UnknownVariant(ValueError):
    """No experiment of the settings has such a variant."""


@dataclass(frozen=True)
class Answer:
    """A list that was made, and all that is known of how."""

    recommendation_id: str
    model_version: str
    made_from_version: int | None
    newest_event_at: datetime | None
    variant: str
    items: list[Item]


@dataclass(frozen=True)
class Because:
    """Why a product has its score for a shopper: the contributions sum to it. None where no model places the shopper."""

    model_version: str
    score: float | None
    reason: str
    contributions: list[Contribution]


@dataclass(frozen=True)
class WhyNot:
    """What keeps a product out of a shopper's list: filters by name, or its place beyond the list's end."""

    shown: bool
    filters: list[str]
    rank: int | None
    says: str
