"""What a shop writes of a product, in the form in which two shops can be compared.

In: rows with title, brand, gtin, mpn as shops write them. Out: the same rows with what COMPARED names. Nothing but the row itself is
read, so a pair of rows is judged the same whatever else is there.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.views.identifiers import gtin, maker, part
from mart.views.spelling import NUMBER, spelled, tokens
from mart.views.vocabulary import (
    ACCESSORIES,
    PARTS,
    SIZES,
    STOP,
    SYNONYMS,
    TRAIT_OF,
    UNIT_DIMENSIONS,
    UNIT_SIZES,
    meanings,
)
from mart.views.words import among, lookup, stem

# gtin: 14 digits; maker: the brand, and `named` its words; part: the mpn; words: the title's, in order, figures apart; grams: up to
# three neighbouring words as one; codes: words with a digit; figures, traits, accessories, packed: what may differ.
COMPARED = ("gtin", "maker", "named", "part", "words", "grams", "codes", "figures", "traits", "accessories", "packed")

_WITH = r" (?:with|mit|avec|con|incl|inkl|including|inklusive|includes) "
SHORTEST = 5  # letters of a good that a compound may end in
LONGEST = 300  # characters of a title that are read; what shops add beyond says nothing


def normalised(offers: DataFrame) -> DataFrame:
    """Add what the rules compare; rows that have it already are left as they are, so that a job may keep them."""
    if "words" in offers.columns:
        return offers
    steps = (
        {
            "text": spelled(F.left(F.coalesce("title", F.lit("")), F.lit(LONGEST))),
            "maker": maker(),
            "part": part(),
            "gtin": gtin(),
        },
        {"tokens": tokens(F.col("text")), "first": tokens(F.split("text", _WITH)[0])},
        {
            "figures": _figures(),
            "packed": _packed(),
            "words": _words(F.col("tokens")),
            "named": _words(F.split(F.coalesce("maker", F.lit("")), " ")),
        },
        {"first": F.when(F.size("first") == F.size("tokens"), F.col("words")).otherwise(_words(F.col("first")))},
        {"grams": _grams(), "codes": _codes(), "traits": _traits(), "accessories": _accessories()},
        {"gtin": F.when(~F.array_contains("words", "refurbished"), F.col("gtin"))},
    )
    made = reduce(lambda rows, step: rows.withColumns(step), steps, offers)
    return made.drop("text", "tokens", "first")


def _unit(token: Column) -> Column:
    """Read the unit that a token ends with; 13600K is a processor and no colour of light."""
    return F.when(token.rlike(rf"^{NUMBER}[a-z]+$") & ~token.rlike(r"^\d{5,}k$"), F.regexp_extract(token, "[a-z]+$", 0))


def _figures() -> Column:
    """Measures as (dimension, size): `6,1 Zoll` and `6.1"` are the same 154.94 mm. A clothing size is one too."""
    letters = F.split(F.lit(" ".join(SIZES)), " ")

    def measure(token: Column) -> Column:
        unit = _unit(token)
        number = F.regexp_extract(token, rf"^{NUMBER}", 0).cast("double")
        worn = F.array_position(letters, token).cast("double")
        size = F.when(unit.isNotNull(), lookup(UNIT_SIZES, unit).cast("double") * number).when(worn > 0, worn)
        return F.struct(F.coalesce(lookup(UNIT_DIMENSIONS, unit), F.lit("letters")).alias("dim"), size.alias("size"))

    return F.array_distinct(F.filter(F.transform("tokens", measure), lambda one: one["size"].isNotNull()))


def _packed() -> Column:
    """Whether the title says that several are sold as one."""
    return F.exists("tokens", lambda token: token.rlike(r"^(?:[2-9]|\d{2,})pack$"))


def _words(tokens: Column) -> Column:
    """The words that are no figures and no fill words, each in its common meaning."""

    def kept(token: Column) -> Column:
        return ~among((*STOP, *SIZES), token) & ~among(UNIT_SIZES, _unit(token))

    def parted(token: Column) -> Column:
        """Part a German compound before the longest good that it ends in: Sofortbildkamera."""
        ends = F.filter(
            F.sequence(F.lit(SHORTEST), F.length(token) - 3), lambda last: among(PARTS, F.right(token, last))
        )
        compound = (F.length(token) >= SHORTEST + 3) & ~token.rlike(r"\d") & ~among(SYNONYMS, token)
        cut = F.length(token) - F.element_at(ends, -1)
        halves = F.array(F.left(token, cut), F.substr(token, cut + 1))
        return F.when(compound & (F.size(ends) > 0), halves).otherwise(F.array(token))

    def meant(word: Column) -> Column:
        return F.coalesce(lookup(SYNONYMS, word), lookup(SYNONYMS, F.regexp_replace(word, "(?<=...)[ns]$", "")), word)

    whole = F.filter(tokens, kept)
    for _ in range(2):  # Wasserfilterkartusche
        whole = F.flatten(F.transform(whole, parted))
    return F.transform(whole, meant)


def _grams() -> Column:
    """Up to three neighbouring words written as one, with the words they are made of: `WH 1000 XM4` is `WH1000XM4`."""
    last = F.size("words")
    starts = F.when(last > 0, F.sequence(F.lit(1), last)).otherwise(F.array().cast("array<int>"))

    def gram(start: Column, length: Column) -> Column:
        parts = F.slice("words", start, length)
        return F.struct(stem(F.array_join(parts, "")).alias("gram"), parts.alias("parts"))

    def from_here(start: Column) -> Column:
        return F.transform(F.sequence(F.lit(1), F.least(F.lit(3), last - start + 1)), lambda n: gram(start, n))

    return F.flatten(F.transform(starts, from_here))


def _codes() -> Column:
    """The words that may name a model."""
    return F.array_distinct(F.filter("words", lambda word: word.rlike(r"\d")))


def _traits() -> Column:
    """Colours and their like as (dimension, word)."""
    found = F.transform("words", lambda word: F.struct(lookup(TRAIT_OF, word).alias("dim"), word.alias("word")))
    return F.array_distinct(F.filter(found, lambda one: one["dim"].isNotNull()))


def _accessories() -> Column:
    """What the title says to fit something else."""
    names = F.split(F.lit(" ".join(sorted(set(meanings(ACCESSORIES).values())))), " ")
    return F.array_sort(F.array_intersect("first", names))
