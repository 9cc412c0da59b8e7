"""Single words: what a constant dictionary says of one, how it ends, how much it tells.

In: a word, as an expression inside a lambda too. Out: an expression.
"""

from collections.abc import Iterable, Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from mart.views.vocabulary import PLAIN

SHELVES = 512


def lookup(meant: Mapping[str, str], word: Column) -> Column:
    """Look a word up in a constant; null where it isn't there.

    Spark searches a constant map from end to end, so that a dictionary is cut into SHELVES by what is quickly told of a word.
    As one text it costs the planner nothing either, unlike hundreds of literals.
    """
    shelves: list[list[str]] = [[] for _ in range(SHELVES)]
    for one, other in meant.items():
        shelves[(ord(one[0]) * 7 + ord(one[-1]) * 31 + len(one)) % SHELVES].append(f"{one}:{other}")
    texts = F.split(F.lit("|".join(",".join(shelf) for shelf in shelves)), r"\|")
    place = F.pmod(F.ascii(word) * 7 + F.ascii(F.right(word, F.lit(1))) * 31 + F.length(word), F.lit(SHELVES))
    return F.str_to_map(F.get(texts, place))[word]


def among(words: Iterable[str], word: Column) -> Column:
    """Say whether a word is one of a constant list."""
    return F.coalesce(lookup(dict.fromkeys(words, ""), word) == "", F.lit(False))


def stem(word: Column) -> Column:
    """Cut the commonest endings of the plural and of declension."""
    return F.regexp_replace(word, r"(?<=^[a-z]{4,40})(?:en|es|er|s|e|n)$", "")


def weight(word: Column) -> Column:
    """How much a word tells: a model's code most, what every shop adds hardly anything."""
    return (
        F.when(word.rlike(r"^(?=.*[a-z])(?:\D*\d){2}|^\d{4,}$") & (F.length(word) >= 4), F.lit(3.0))
        .when(word.rlike(r"\d"), F.lit(1.0))
        .when(among(PLAIN, word) | (F.length(word) < 2), F.lit(0.25))
        .otherwise(F.lit(1.0))
    )
