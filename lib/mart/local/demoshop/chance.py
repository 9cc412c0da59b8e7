"""Chance that can be asked again: the same words always give the same number, in any order and in any process."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def chance(*words: object) -> float:
    """Give a number from 0 to below 1 that looks random and follows from the words."""
    digest = blake2b("/".join(map(str, words)).encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


def pick(options: Sequence[T], *words: object) -> T:
    """Give one of the options, as the words have it."""
    return options[int(chance(*words) * len(options))]
