"""Which variant of an experiment a request sees, and two variants' lists in one.

In: the experiments of the settings, a request, two lists. Out: models and the variant's name, one list.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from mart.api.answers import UnknownVariant
from mart.api.recent import Doings
from mart.api.recommend import Ask, Item
from mart.experiments import Assignment, assign, interleave
from mart.experiments.assignment import CHAMPION, shopper_of
from mart.settings import Experiment


def assigned(experiments: Mapping[str, Experiment], ask: Ask, doings: Doings, now: datetime) -> Assignment:
    """Tell which variant a shopper sees, or the one that is asked for. Raises UnknownVariant."""
    if ask.variant is not None:
        return _named(experiments, ask.variant)
    shopper = shopper_of(ask.user_id, ask.session_id, doings.unknown_at_first)
    return assign(experiments, shopper, now) if shopper else Assignment()


def interleaved(lists: list[list[Item]], n: int, unique: str) -> list[Item]:
    """Let two lists pick in turn; each product keeps the score and the reason that its list gives it."""
    first, second = ([item.product_id for item in one] for one in lists)
    found = [{item.product_id: item for item in one} for one in lists]
    drafted = interleave(first, second, n, unique)
    return [replace(found[team][product], rank=rank) for rank, (team, product) in enumerate(drafted, start=1)]


def _named(experiments: Mapping[str, Experiment], variant: str) -> Assignment:
    """Find a variant by its name, EXPERIMENT:VARIANT or the second part alone; the first experiment that has it."""
    for name, one in experiments.items():
        short = variant.removeprefix(f"{name}:")
        if short in one.variants:
            return Assignment(f"{name}:{short}", (one.models.get(short, CHAMPION),))
    raise UnknownVariant(f"variant: no experiment of the settings has a variant {variant!r}")
