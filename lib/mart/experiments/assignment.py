"""Who sees which variant: a hash decides, so nothing is stored and every process says the same.

In: the experiments of the settings, a shopper (user_id, or session_id of a visitor: see `shopper_of`), an instant. Out: the
variant for the list's recommendation_id and the model that makes the list.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from mart.recommendation_id import NO_VARIANT
from mart.settings import Experiment

CHAMPION = "champion"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}")


class ExperimentError(ValueError):
    """An experiment that can't be run as it is set; the message says which and why."""


@dataclass(frozen=True)
class Assignment:
    """What a shopper is shown: `variant` as recommendation_id bears it; one model (alias or version), two to interleave."""

    variant: str = NO_VARIANT
    models: tuple[str, ...] = (CHAMPION,)


def assign(experiments: Mapping[str, Experiment], shopper: str, now: datetime) -> Assignment:
    """Tell what a shopper sees at an instant: at most one experiment, the same one for as long as it lasts."""
    for name, variant in _belongs(experiments, shopper):
        experiment = experiments[name]
        if began(experiment) <= now < ended(experiment):
            variants = tuple(experiment.variants) if experiment.interleave else (variant,)
            models = tuple(experiment.models.get(one, CHAMPION) for one in variants)
            return Assignment(f"{name}:{'~'.join(variants)}", models)
    return Assignment()


def place(experiment: str, shopper: str) -> float:
    """Place a shopper in [0, 1), evenly, for each experiment anew: the first 53 bits of a SHA-256."""
    digest = sha256(f"{experiment}\0{shopper}".encode(errors="surrogatepass")).digest()
    return (int.from_bytes(digest[:7]) >> 3) / 2**53


def shopper_of(user_id: str | None, session_id: str | None, began_unknown: bool) -> str | None:
    """Choose whose hash decides: the account's, and in a visit that began before the login the visit's to its end.

    What was assigned first in a visit stays, so nobody's page changes by logging in; the next visit is the account's again.
    """
    return session_id if began_unknown and session_id else user_id or session_id


def check(experiments: Mapping[str, Experiment]) -> None:
    """Refuse what could not be told apart or drawn. Raises ExperimentError."""
    for name, experiment in experiments.items():
        for fault in _faults(name, experiment):
            raise ExperimentError(f"experiments.{name}: {fault}")


def began(experiment: Experiment) -> datetime:
    """Give its start, UTC, as is an instant without a zone."""
    return _utc(experiment.start)


def ended(experiment: Experiment) -> datetime:
    """Give its end, which is no part of it."""
    return _utc(experiment.end)


def overlap(one: Experiment, other: Experiment) -> bool:
    """Tell whether there is an instant that lies in both."""
    return began(one) < ended(other) and began(other) < ended(one)


def in_order(experiments: Mapping[str, Experiment]) -> list[str]:
    """Name the experiments as they choose their shoppers: by start, then by name."""
    return sorted(experiments, key=lambda name: (began(experiments[name]), name))


def _belongs(experiments: Mapping[str, Experiment], shopper: str) -> Iterator[tuple[str, str]]:
    """List the experiments that a shopper belongs to, each with the variant.

    One that belongs to an experiment belongs to no later one that overlaps it, not even when the first is over: entering
    late would mix what both did. The hashes are independent, so the shoppers left are no other kind of people.
    """
    mine: list[Experiment] = []
    for name in in_order(experiments):
        experiment = experiments[name]
        variant = _variant(experiment, place(name, shopper))
        if variant and not any(overlap(experiment, earlier) for earlier in mine):
            mine.append(experiment)
            yield name, variant


def _variant(experiment: Experiment, at: float) -> str | None:
    """Find the variant at a place in [0, 1); they lie side by side by name, whatever their order in the file."""
    upto = 0.0
    for variant, share in sorted(experiment.variants.items()):
        upto += share
        if at < upto:
            return variant
    return None


def _faults(name: str, experiment: Experiment) -> Iterator[str]:
    shares, variants = experiment.variants.values(), list(experiment.variants)
    if wrong := [one for one in (name, *variants) if not _NAME.fullmatch(one)]:
        yield f"{wrong[0]!r} must be of letters, digits, _ and -, 63 at most: it is part of recommendation_id"
    if len(variants) < 2:
        yield "an experiment compares at least two variants"
    if any(not 0 < share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
        yield f"shares must be above 0 and sum to 1 at most, not {sum(shares):g}"
    if unknown := experiment.models.keys() - experiment.variants.keys():
        yield f"models names {', '.join(sorted(unknown))}, which is no variant"
    if experiment.interleave and len(variants) != 2:
        yield f"two lists are interleaved, not {len(variants)}"
    if began(experiment) >= ended(experiment):
        yield "it must end after it starts"


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
