"""Which country a page is written for, and in which language: what its numbers and currency signs mean follows from it.

In: a page's address and what its HTML declares. Out: a babel Locale, or None where neither says anything.
"""

import re
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_decimal_symbol, get_territory_currencies

# Ends of host names that are countries on paper and companies in practice.
_NO_COUNTRY = {"io", "co", "tv", "me", "ai", "ly", "to", "fm", "cc", "ws", "gg", "sh", "la", "st", "im", "ac", "eu"}
_IN_PATH = re.compile(r"^/([a-z]{2})(?:[-_/]([a-z]{2}))?(?=/|$)", re.IGNORECASE)
_TERRITORIES = frozenset(get_global("territory_currencies"))


def find(url: str, declared: str | None) -> Locale | None:
    """Find a page's locale from its address (`amazon.de`, `/be/en/`) and `<html lang>` or og:locale.

    The declared language speaks for itself; where it names no country, the address does.
    """
    language, territory = _split(declared)
    parts = urlsplit(url if "//" in url else f"//{url}")
    from_path, from_host = _of_path(parts.path, language), _of_host(parts.hostname or "")
    territory = from_path or from_host or territory
    names = [
        f"{language}_{territory}" if language and territory else None,
        language,
        f"und_{territory}" if territory else None,
    ]
    for name in filter(None, names):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return None


def decimal_separator(locale: Locale | None) -> str | None:
    """The sign before the fraction, `.` or `,`; None where no locale is known."""
    if locale is None:
        return None
    symbol = get_decimal_symbol(locale)
    return symbol if symbol in ".," else "."


def currencies(locale: Locale | None) -> list[str]:
    """The ISO codes of what a page's country pays with."""
    return get_territory_currencies(locale.territory) if locale is not None and locale.territory else []


def _split(declared: str | None) -> tuple[str | None, str | None]:
    found = re.match(r"\s*([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2})\b)?", declared or "")
    return (found[1].lower(), _territory(found[2])) if found else (None, None)


def _territory(code: str | None) -> str | None:
    code = "GB" if code and code.lower() == "uk" else code
    return code.upper() if code and code.upper() in _TERRITORIES else None


def _of_host(host: str) -> str | None:
    end = host.rpartition(".")[2]
    return _territory(end) if len(end) == 2 and end not in _NO_COUNTRY else None


def _of_path(path: str, language: str | None) -> str | None:
    """`/be/en/` and `/en-gb/` name a country beside the language; a lone `/de/` may be either."""
    found = _IN_PATH.match(path)
    if not found or not found[2]:
        return None
    codes = [found[1].lower(), found[2].lower()]
    countries = [code for code in codes if code != language] or codes[1:]
    return _territory(countries[0]) if len(countries) == 1 or language is None else None
