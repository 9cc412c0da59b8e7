"""What a text on a page says: amounts of money, numbers, ratings.

In: texts as shops write them, and the page's locale. Out: Decimal, int and float, None where there is nothing to read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from babel import Locale
from price_parser._currencies import CURRENCY_CODES
from price_parser.parser import SAFE_CURRENCY_SYMBOLS, parse_number

from scrapers.pages import locales

# Signs that mean one currency, and signs that the page's country decides; the first is meant elsewhere.
_MEANS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "р.": "RUB", "zł": "PLN", "Zł": "PLN",
    "Kč": "CZK", "Ft": "HUF", "лв": "BGN", "лв.": "BGN", "грн": "UAH", "грн.": "UAH", "₴": "UAH", "тг": "KZT",
    "тг.": "KZT", "₸": "KZT", "₺": "TRY", "TL": "TRY", "lei": "RON", "Lei": "RON", "₩": "KRW", "원": "KRW", "₪": "ILS",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "R$": "BRL", "Rp": "IDR", "RM": "MYR", "円": "JPY", "元": "CNY",
    "ر.س": "SAR", "د.إ": "AED", "ج.م": "EGP", "SFr.": "CHF", "Fr.": "CHF", "US$": "USD", "US $": "USD", "AU $": "AUD", "CA $": "CAD", "NZ $": "NZD", "HK $": "HKD", "U$S": "USD", "A$": "AUD",
    "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "MX$": "MXN",
    "KD": "KWD", "EURO": "EUR", "euro": "EUR", "euros": "EUR", "Euro": "EUR",
}  # fmt: skip
_DEPENDS = {
    "$": ("USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "UYU", "TWD", "HKD", "SGD"),
    "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK", "NOK", "SEK", "ISK"), "Kr": ("SEK", "NOK", "DKK", "ISK"),
    "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"), "Rs": ("INR", "PKR", "LKR", "NPR"), "Rs.": ("INR", "PKR", "LKR", "NPR"),
    "р": ("RUB", "BYN"), "руб": ("RUB", "BYN"), "руб.": ("RUB", "BYN"), "р.": ("RUB", "BYN"), "₨": ("INR", "PKR"),
}  # fmt: skip
_THOUSANDTHS = {"KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"}  # prices with three decimals

_NO_LETTER_BEFORE, _NO_LETTER_BEHIND = r"(?<![^\W\d_])", r"(?![^\W\d_])"
_SPACES = r"[ \u00a0\u202f\u2009]"
_NUMBER = rf"(?:\d{{1,3}}(?:(?:{_SPACES}|['’])\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)|\d+(?:[.,]\d+)*|[.,]\d{{2}}(?!\d))"
_WRITTEN = sorted({*_MEANS, *_DEPENDS, *(s for s in SAFE_CURRENCY_SYMBOLS if s != "R")}, key=len, reverse=True)


def _alternatives(signs: list[str]) -> str:
    """Join signs; one of letters must not be a part of a word, where its script has words with spaces between."""
    return "|".join(
        (_NO_LETTER_BEFORE if _of_words(sign[0]) else "")
        + re.escape(sign)
        + (_NO_LETTER_BEHIND if _of_words(sign[-1]) else "")
        for sign in signs
    )


def _of_words(sign: str) -> bool:
    return sign.lower() != sign.upper()


# A look at the first character spares the many alternatives at nearly every place of a text: reading a page takes half the time.
_BEGINS = "".join(sorted({re.escape(sign[0]) for sign in _WRITTEN}))
_CODE = rf"{_NO_LETTER_BEFORE}(?=[A-Z]{{3}}{_NO_LETTER_BEHIND})(?:{'|'.join(sorted(CURRENCY_CODES))})"
_SIGN = f"(?:(?=[{_BEGINS}])(?:{_alternatives(_WRITTEN)})|{_CODE})"
_MONEY = re.compile(
    rf"(?P<before>{_SIGN})\s{{0,2}}:?\s{{0,2}}(?P<first>{_NUMBER})"
    rf"|(?=[\d.,])(?<![\d.,])(?:(?P<low>{_NUMBER})\s?(?:-|–|—|to|bis|à)\s?)?(?P<second>{_NUMBER})(?:,[-–—])?\s{{0,2}}(?P<after>{_SIGN})(?:(?P<cents>\d\d)(?!\d))?"
)
_LONE = re.compile(rf"(?<![\w.,]){_NUMBER}(?![\w%])")


@dataclass(frozen=True)
class Money:
    """An amount, its ISO currency where a sign names it, and where in the text it stands."""

    amount: Decimal
    currency: str | None
    span: tuple[int, int]


def money(text: str, locale: Locale | None) -> Iterator[Money]:
    """Find the amounts in a text that have a currency sign beside them, in order.

    >>> [str(found.amount) for found in money("From $349 to $1,299.50", None)]
    ['349', '1299.50']
    """
    for found in _MONEY.finditer(text):
        number, sign = found["first"] or found["second"], found["before"] or found["after"]
        code = currency(sign, locale)
        if found["cents"] and not re.search(r"[.,]", number):
            number += f".{found['cents']}"
        for one in filter(None, (found["low"], number)):  # of a range both ends
            amount = decimal(one, locale, code)
            if amount is not None:
                yield Money(amount, code, found.span())


def whole(text: str) -> bool:
    """Whether a text ends with an amount that has no fraction yet: `$229`, which `99` may follow."""
    return bool(re.search(rf"{_SIGN}\s?\d{{1,3}}(?:[.,]?\d{{3}})?$", text))


def lone(text: str, locale: Locale | None) -> Decimal | None:
    """Read a text that is one amount without a sign, as structured data and `<span class="price">` hold it.

    None where it holds no number, or several.

    >>> lone("6,97,238", None)
    Decimal('697238')
    """
    found = _LONE.findall(text)
    return decimal(found[0], locale) if len(found) == 1 else None


def decimal(number: str, locale: Locale | None, code: str | None = None) -> Decimal | None:
    """Read a number as the page's country writes it.

    Two kinds of separators, or one that repeats, explain themselves; so does a fraction that has not three digits. The
    locale decides the rest: `3.350` is 3350 in a German shop, 3.35 in an English one, and 3350 where nobody knows.
    """
    number = re.sub(rf"{_SPACES}|['’]", "", number).rstrip(".,")
    signs = [sign for sign in number if sign in ".,"]
    if not signs:
        return parse_number(number)
    last = signs[-1]
    fraction = len(number) - number.rindex(last) - 1
    if signs.count(last) > 1:
        separator = None
    elif len(set(signs)) > 1 or fraction != 3 or number.startswith(("0", ".", ",")) or code in _THOUSANDTHS:
        separator = last
    else:
        separator = last if locales.decimal_separator(locale) == last else None
    plain = "".join(sign for sign in number if sign.isdigit() or sign == separator)
    return Decimal(plain.replace(",", "."))


def currency(sign: str | None, locale: Locale | None) -> str | None:
    """Name the currency that a sign means on a page of this country, as an ISO code."""
    sign = (sign or "").strip()
    if sign.upper() in CURRENCY_CODES and len(sign) == 3:
        return sign.upper()
    local = locales.currencies(locale)
    possible = _DEPENDS.get(sign, ())
    here = next((code for code in local if code in possible), None)
    return here or _MEANS.get(sign) or (possible[0] if possible else None)


def count(text: str | None) -> int | None:
    """Read a number of things, whichever way its digits are grouped: `1,79,691 ratings`, `2.770`, `(1.2k)`.

    >>> count("1,79,691 ratings"), count("1.2k reviews"), count("none")
    (179691, 1200, None)
    """
    found = re.search(r"\d+(?:[.,'’\s]\d{2,3})*(?:[.,]\d+)?\s*([kKmM]\b)?", text or "")
    if not found:
        return None
    if found[1]:
        amount = Decimal(found[0][: -len(found[1])].strip().replace(",", "."))
        return int(amount * (1_000 if found[1] in "kK" else 1_000_000))
    return int(re.sub(r"\D", "", found[0]))


def rating(text: str | None, best: float = 5) -> tuple[float, float] | None:
    """Read a rating and what it is out of: `4,5 von 5`, `4.6 out of 5 stars`, `8/10`. Out: (rating, best).

    >>> rating("4,5 von 5 Sternen")
    (4.5, 5.0)
    """
    numbers = [float(n.replace(",", ".")) for n in re.findall(r"\d+(?:[.,]\d+)?", text or "")]
    if not numbers:
        return None
    if len(numbers) > 1 and numbers[1] in (5, 6, 10, 100) and numbers[0] <= numbers[1]:
        return numbers[0], numbers[1]
    return (numbers[0], best) if numbers[0] <= best else None


def alike(one: str, other: str) -> float:
    """The share of words that two texts have in common."""
    mine, yours = (set(re.findall(r"\w+", text.lower())) for text in (one, other))
    return len(mine & yours) / len(mine | yours) if mine | yours else 0.0
