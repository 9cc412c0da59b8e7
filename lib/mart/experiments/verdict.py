"""One line that says what may be believed of an experiment."""

from collections.abc import Mapping, Sequence

from mart.experiments.estimate import MISMATCH
from mart.experiments.findings import Difference

NAMES = {"ctr": "click-through", "share_of_clicks": "clicks"}


def verdict(observed: Mapping[str, int], chance: float, differences: Sequence[Difference], effect: float) -> str:
    """Judge by the differences of one measure; `chance` is the p-value of the shares, `effect` what is worth knowing."""
    if not sum(observed.values()):
        return "nobody has seen it yet"
    if chance < MISMATCH:
        seen = ", ".join(f"{one} {count:,}" for one, count in observed.items())
        return f"do not trust this: shoppers do not fall into the variants by their shares ({seen}; p = {chance:.1g})"
    if not differences:
        return "no difference can be told: a variant has no impressions, or not two shoppers"
    if shown := [_shown(one) for one in differences if one.shown]:
        return f"a difference is shown: {'; '.join(shown)}"
    return _not_shown(max(differences, key=lambda one: one.shoppers_needed or 0), effect)


def _shown(one: Difference) -> str:
    relative = f", {one.relative:+.1%}" if one.relative is not None else ""
    more = "more" if one.value > 0 else "less"
    return f"{one.variant} has {more} {NAMES[one.measure]} than {one.against} ({_span(one)}{relative})"


def _not_shown(one: Difference, effect: float) -> str:
    said = f"no difference of {NAMES[one.measure]} is shown ({_span(one)})"
    if not one.shoppers_needed:
        return said
    each = "shoppers a variant" if one.measure == "ctr" else "shoppers"
    return f"{said}; to show {effect:.0%} it takes about {one.shoppers_needed:,} {each}"


def _span(one: Difference) -> str:
    return f"{100 * one.value:+.2f} points, between {100 * one.low:+.2f} and {100 * one.high:+.2f}"
