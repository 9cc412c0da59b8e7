"""The name of a list of recommendations: who made it can be read from it, so that feedback needs no look-up.

In: a model's version and a variant. Out: `<model_version>.<variant>.<26 characters>`, sortable by time and random behind
that (a ULID), of characters that need no escape in an address. model_version is 0 where no model made it, variant is - where
no experiment did. An interleaved list was made by two: `7~8.rank:control~wide.01K…`; whose pick stands at which place follows
from the 26 characters, by coins that are their SHA-256's digits, and so from the id and the place alone.
"""

import re
import secrets
import time
from collections.abc import Sequence
from hashlib import sha256

from mart.tables.feedback import BOTH, LAST_POSITION, NO_MODEL, NO_VARIANT, PATTERN

__all__ = ["NO_MODEL", "NO_VARIANT", "coins", "credit", "make", "parse", "unique"]

_ID = re.compile(PATTERN)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def make(model_version: str = NO_MODEL, variant: str = NO_VARIANT, of: str | None = None) -> str:
    """Name a new list; `of` is its unique part where that was needed before. Raises ValueError for a part that can't be."""
    made = f"{model_version}.{variant}.{of or unique()}"
    if not _ID.fullmatch(made):
        raise ValueError(f"{made!r} is no recommendation_id: versions and variants are of letters, digits, _ and -")
    return made


def unique() -> str:
    """Give 26 characters: milliseconds since 1970 in 48 bits, then 80 random bits."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def parse(recommendation_id: str) -> tuple[str, str] | None:
    """Read model version and variant; None for an id that is none of ours."""
    found = _ID.fullmatch(recommendation_id)
    return (found[1], found[2]) if found else None


def credit(recommendation_id: str, position: int) -> tuple[str, str] | None:
    """Tell to which model version and variant a place of the list is owed; None for an id that is none of ours.

    A place of an interleaved list is owed to the team that picked it, and to both (`7~8`) where the place is not known.
    """
    found = _ID.fullmatch(recommendation_id)
    if not found:
        return None
    version, variant, of = found.groups()
    if BOTH not in variant or not 1 <= position <= LAST_POSITION:
        return version, variant
    team = team_of(of, position)
    experiment, _, arms = variant.rpartition(":")
    return _one_of(version, team), f"{experiment}:{_one_of(arms, team)}" if experiment else _one_of(arms, team)


def team_of(of: str, position: int) -> int:
    """Tell which team, 0 or 1, picks at a place: in each round of two the coin says who goes first, then it is the other."""
    return coins(of)[(position - 1) // 2] ^ (position - 1) % 2


def coins(of: str) -> Sequence[int]:
    """Toss 64 coins, one a round: the team that goes first, 0 or 1, from a hexadecimal digit each."""
    return [int(digit, 16) >> 3 for digit in sha256(of.encode()).hexdigest()]


def _one_of(both: str, team: int) -> str:
    """A version without `~` is that of both."""
    parts = both.split(BOTH)
    return parts[min(team, len(parts) - 1)]
