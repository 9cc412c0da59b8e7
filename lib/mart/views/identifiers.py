"""What names a product by itself: its GTIN, its maker, its maker's number, out of what shops give as such.

In: the columns brand, mpn, gtin. Out: each as it can be compared; null where it is missing or means nothing.
"""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from mart.views.spelling import folded
from mart.views.vocabulary import LEGAL, NAMELESS, SAME_BRAND
from mart.views.words import lookup

_REPEATED = r"^(\d)\1{5,}\d?$"
_DUMMIES = ("00123456789012", "01234567890128", "00012345678905", "12345678901231")


def maker() -> Column:
    """The brand without what shops put around it, legal forms and punctuation; null where it names none."""
    said = F.regexp_replace(
        folded(F.col("brand")),
        r"^\s*(?:visit the|brand\s*:?|marke\s*:?|marque\s*:?|marca\s*:?|by)\s+| store\s*$|^brand:|^marke:",
        "",
    )
    plain = F.trim(F.regexp_replace(F.regexp_replace(said, r"[''‘’´`]|(?<=\b[a-z])\.", ""), r"[^\p{L}\p{N}]+", " "))
    bare = F.regexp_replace(plain, rf"(?<=.)(?: (?:co|und|and|{'|'.join(sorted(LEGAL))}))+$", "")
    other = F.coalesce(lookup(SAME_BRAND, bare), bare)
    return F.when(~other.isin(*NAMELESS), other)


def part() -> Column:
    """The maker's number in capitals and without separators; null for words such as N/A."""
    bare = F.upper(F.regexp_replace(folded(F.col("mpn")), r"[^\p{L}\p{N}]", ""))
    said = F.when(bare.rlike(r"\d") & (F.length(bare) >= 3), F.regexp_replace(bare, "^0+(?=.{5})", ""))
    return F.when(~said.rlike(r"^(\w)\1*$"), said)


def gtin() -> Column:
    """14 digits with a right check digit; null for a dummy, and for a number that each shop gives out for itself."""
    digits = F.regexp_replace("gtin", r"[\s\-.]", "")
    padded = F.when(digits.rlike(r"^(?:\d{8}|\d{12,14})$"), F.lpad(digits, 14, "0"))
    weighted = [padded.substr(place, 1).cast("int") * (3 if place % 2 else 1) for place in range(1, 15)]
    right = reduce(Column.__add__, weighted) % 10 == 0
    own = padded.rlike("^(?:02|002)")
    dummy = F.ltrim(padded, F.lit("0")).rlike(_REPEATED) | padded.isin(*_DUMMIES) | padded.rlike("^0+$")
    return F.when(right & ~own & ~dummy, padded)
