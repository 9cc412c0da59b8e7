"""Activity records as JSON text, written so that what a source says passes through unchanged.

In: the text of a field. Out: JSON text. A number keeps its digits; what is no number stays the text it was, so that
ingest, which alone judges, rejects it as `bad_type`.
"""

import json
import re
from collections.abc import Mapping
from hashlib import blake2b

Record = tuple[bytes | None, bytes]  # (key, value); the key keeps one shopper's records in order

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})(?: UTC)?")

text = json.JSONEncoder(ensure_ascii=False).encode


def is_number(given: str) -> bool:
    """Tell whether JSON would take it for a number."""
    return _NUMBER.fullmatch(given) is not None


def number(given: str) -> str:
    """Write a number with its own digits, anything else as text."""
    return given if is_number(given) else text(given)


def instant(given: str) -> str:
    """Turn `2019-10-01 00:00:00`, with or without ` UTC`, into ISO 8601; leave anything else as it is.

    >>> instant("2019-10-01 00:00:00 UTC"), instant("yesterday")
    ('2019-10-01T00:00:00Z', 'yesterday')
    """
    match = _INSTANT.fullmatch(given)
    return f"{match[1]}T{match[2]}Z" if match else given


def obj(fields: Mapping[str, str | None]) -> str:
    """Write a JSON object of values that are JSON text already; None leaves a field out."""
    return "{" + ",".join([f'"{name}":{value}' for name, value in fields.items() if value is not None]) + "}"


def event_id(format_name: str, file_name: str, line: int) -> str:
    """Number a line of a file for good: a second replay gives the same id, a repeated line in the file another one."""
    return blake2b(f"{format_name}\n{file_name}\n{line}".encode(), digest_size=16).hexdigest()
