"""JSON as it was written: an object is cut into fields, each of which stays the text that it was, so that digits and escapes are kept.

In: text. Out: fields as text, or a ValueError. As strict as Spark's reader: no NaN, no key twice, no number of more than 1,000 characters.
"""

import json
import re
from collections.abc import Callable
from typing import Any

Pieces = dict[str, str]  # a field's name, and its value as JSON text

_LONGEST_NUMBER = 1_000  # characters; Spark's reader takes no more
_DEEPEST = 500  # objects and arrays in one another; Spark's reader goes to 1,000, and Python's not as far
_BLANKS = re.compile(r"[ \t\n\r]*")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


def pieces(text: str) -> Pieces:
    """Cut a JSON object into its fields. Raises ValueError where it is none, or names a key twice, however deep."""
    found: Pieces = {}

    def field(at: int) -> int:
        name, end = _decode(text, at)
        colon = _skip(text, end)
        if not isinstance(name, str) or name in found or text[colon : colon + 1] != ":":
            raise ValueError("no JSON")
        start = _skip(text, colon + 1)
        _, end = _decode(text, start)
        found[name] = text[start:end]
        return end

    _walk(text, "{}", field)
    return found


def elements(text: str) -> list[str]:
    """Cut a JSON array into its elements. Raises ValueError where it is none."""
    found: list[str] = []

    def element(at: int) -> int:
        _, end = _decode(text, at)
        found.append(text[at:end])
        return end

    _walk(text, "[]", element)
    return found


def whole(fields: Pieces) -> bytes:
    """Put fields together again."""
    return ("{" + ",".join([f"{json.dumps(name)}:{value}" for name, value in fields.items()]) + "}").encode()


def given(fields: Pieces, name: str) -> bool:
    """Tell whether a field is there: null and an empty text are as good as none."""
    return fields.get(name, "null") not in ("null", '""')


def text(fields: Pieces, name: str) -> str | None:
    """Read a field that may be a text."""
    found = json.loads(fields[name]) if given(fields, name) else None
    return found if isinstance(found, str) else None


def _walk(text: str, brackets: str, member: Callable[[int], int]) -> None:
    """Read an object or array: `member` reads one that begins at a place, and tells where it ends. Raises ValueError."""
    _shallow(text)
    at = _skip(text, 0)
    if text[at : at + 1] != brackets[0]:
        raise ValueError("no JSON")
    at = _skip(text, at + 1)
    more = text[at : at + 1] != brackets[1]
    while more:
        at = _skip(text, member(at))
        more = text[at : at + 1] == ","
        at = _skip(text, at + 1) if more else at
    if text[at : at + 1] != brackets[1] or _skip(text, at + 1) != len(text):
        raise ValueError("no JSON")


def _shallow(text: str) -> None:
    """Raise ValueError where values lie too deep in one another; few have brackets enough."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > _DEEPEST:
            raise ValueError("too deep")


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    assert match is not None  # no blanks match too
    return match.end()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _number(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return float(digits)


def _refuse(constant: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(constant)


_decode = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_number, parse_float=_number, parse_constant=_refuse
).raw_decode
