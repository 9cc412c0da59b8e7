"""When something was written, as pages say it: an ISO 8601 date, or words in the page's language.

In: a text and the page's locale. Out: ISO 8601, or None where it can't be read for certain: what `03/04/2024` means is the
locale's to say, and English without a country doesn't.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import dateparser
from babel import Locale

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # there were no shops like ours before
LONGEST = 120  # characters that a date is looked for in
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{4}|\d{2})(?!\d)")
_CHARACTERS = re.compile(r"\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_STRICT = {"STRICT_PARSING": True, "PARSERS": ["absolute-time"]}  # a whole date, and nothing that counts from today
_WINDOW = 5  # words: `3 de marzo de 2024`


def written(text: str | None, locale: Locale | None) -> str | None:
    """Read a date that a text holds.

    >>> written("Reviewed in India on 3 March 2024", Locale.parse("en_IN")), written("3. März 2024", Locale.parse("de_DE"))
    ('2024-03-03', '2024-03-03')
    >>> written("03/04/2024", Locale.parse("en_GB")), written("03/04/2024", Locale.parse("en_US"))
    ('2024-04-03', '2024-03-04')
    >>> written("03/04/2024", Locale.parse("en")), written("3 March 2024", None), written("last week", Locale.parse("en_US"))
    (None, None, None)
    """
    said = " ".join((text or "")[:LONGEST].split())
    found = _iso(said) or (_worded(said, str(locale)) if locale is not None else None)
    if found is None:
        return None
    at = _instant(found)
    return found if at is not None and EARLIEST <= at <= datetime.now(UTC) + timedelta(minutes=1) else None


def _iso(text: str) -> str | None:
    found = _ISO.search(text)
    return found[0] if found and _instant(found[0]) else None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _worded(text: str, name: str) -> str | None:
    locale = Locale.parse(name)
    if numbers := _NUMBERS.search(text):
        return _numbered([int(number) for number in numbers.group(1, 3, 4)], locale)
    for words in _candidates(text):
        found = dateparser.parse(words, languages=[locale.language], settings=_STRICT)
        if found is not None:
            return found.date().isoformat()
    return None


def _numbered(numbers: list[int], locale: Locale) -> str | None:
    """Read three numbers in the order that the locale writes them."""
    if locale.language == "en" and locale.territory is None:
        return None
    order = dict.fromkeys(re.findall(r"[dMy]", str(locale.date_formats["short"].pattern)))
    read = dict(zip(order, numbers, strict=True))
    year = read["y"] + 2000 if read["y"] < 100 else read["y"]
    try:
        return date(year, read["M"], read["d"]).isoformat()
    except ValueError:
        return None


def _candidates(text: str) -> Iterator[str]:
    """Give the parts of a text that may be a date in words: those up to a year, or from one on."""
    yield from _CHARACTERS.findall(text)
    words = text.split()
    for place in (number for number, word in enumerate(words) if _YEAR.search(word)):
        for length in range(_WINDOW, 1, -1):
            yield " ".join(words[max(0, place - length + 1) : place + 1])
            yield " ".join(words[place : place + length])
