"""Whether two offers are of one product, by their makers' numbers or by what their titles say.

In: pairs of rows as titles.py makes them, as structs `one` and `other`. Out: those that a rule matches, with `rule` and `score`.
A verdict reads nothing but the pair, so it is the same in every run and in whatever company.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.views.vocabulary import THINGS, VARIANT_WORDS
from mart.views.words import among, stem, weight

NEAR = 0.0145  # of the greater: 1 fl oz is sold as 30 ml, 15.6" as 39.6 cm; 6.1" and 6.2" are two models
MEASURED = ("length", "volume", "mass")  # what shops round; a year or a number of pieces is exact

# How much of a title's weight must stand in the other:
EXPLAINED, AGREED = 0.6, 0.3  # of one title, and of both together, where both name one model by its code;
EXPLAINED_PLAIN = 0.8  # of one title, where none does, if all that is left says little;
EXPLAINED_ODD, COMMON_ODD = (
    0.85,
    4.0,
)  # and with so much in common, if one title has a word that may name another model.
LITTLE = 0.25  # the weight of a word that says little
CODE = r"^(?!\d+x\d+$)(?=.*[a-z])(?:\D*\d){3}|^\d{5,}$"


def judged(pairs: DataFrame, rules: int = 1) -> DataFrame:
    """Keep the pairs that match, with their surest `rule` (mpn before title), or with each of two, and `score`.

    The score is the part of both titles that agrees, 0 to 1.
    """
    made = compared(pairs.where(_possible(F.col("one"), F.col("other"))))
    found = F.array_compact(F.array(F.when(_by_number(), F.lit("mpn")), F.when(_by_title(), F.lit("title"))))
    # Exploded, not filtered: Spark would push the filter down, and write out again all that it is made of, many times over.
    return made.withColumn("rule", F.explode(F.slice(found, 1, rules)))


def compared(pairs: DataFrame) -> DataFrame:
    """Add what the titles have in common and what only one of them says."""
    one, other = F.col("one"), F.col("other")
    steps: tuple[dict[str, Column], ...] = (
        {"shared": F.array_intersect(_names(one), _names(other)), "brand": F.array_union(one["named"], other["named"])},
        {"alone": _alone(one, other), "alone_other": _alone(other, one), "numbered": _numbered(one, other)},
        {"coded": _coded(one, other), "extra": _total(F.col("alone")), "extra_other": _total(F.col("alone_other")),
         "total": _total(_told(one)), "total_other": _total(_told(other))},
        {"odd": _odd("alone"), "odd_other": _odd("alone_other"), "common": _total(_told(one)) - F.col("extra")},
        {"score": _part_of(F.col("total") + F.col("total_other"), F.col("extra") + F.col("extra_other")),
         "explained": F.greatest(_part_of(F.col("total"), F.col("extra")), _part_of(F.col("total_other"), F.col("extra_other")))},
    )  # fmt: skip
    for step in steps:
        pairs = pairs.withColumns(step)
    return pairs


def _by_number() -> Column:
    """The same maker's number; a short one needs titles that have something in common."""
    telling = (F.length(F.col("one")["part"]) >= 6) | (F.col("score") >= AGREED)
    return F.col("numbered") & telling & _same_variant()


def _by_title() -> Column:
    """One title tells all that the other tells. A word that only one has is a risk: it may be what its shop calls another model."""
    least, most = F.least("odd", "odd_other"), F.greatest("odd", "odd_other")
    explained = F.col("explained")
    instead = (F.col("extra") >= LITTLE) & (F.col("extra_other") >= LITTLE)  # one word for another
    enough = (
        F.when(F.col("coded"), (explained >= EXPLAINED) & (F.col("score") >= AGREED))
        .when((least > 0) | _other_things(), F.lit(False))
        .when(most > 0, ~instead & (explained >= EXPLAINED_ODD) & (F.col("common") >= COMMON_ODD * most))
        .otherwise(explained >= EXPLAINED_PLAIN)
    )
    possible = _same_variant() & ~_contrary_codes() & ~_short_name()
    return enough & possible & _same_makers(F.col("one"), F.col("other"))


def _short_name() -> Column:
    """A word of two or three letters that only one has: Ti, AX, GTX are models of their own."""
    return F.exists(
        F.array_union("alone", "alone_other"), lambda word: word.rlike("^[a-z]{2,3}$") & (weight(word) == 1)
    )


def _other_things() -> Column:
    """Each calls it something that the other doesn't."""
    called = [F.exists(alone, lambda word: among(THINGS, word)) for alone in ("alone", "alone_other")]
    return called[0] & called[1]


def _same_variant() -> Column:
    """No word for another model, state or scope of delivery stands on one side only: Pro, refurbished, without battery."""
    return ~F.exists(F.array_union("alone", "alone_other"), lambda word: among(VARIANT_WORDS, word))


def _contrary_codes() -> Column:
    """Each names a model, a generation, a volume that the other doesn't; or one does, and nothing else tells the model."""
    coded = [F.exists(alone, lambda word: word.rlike(r"\d")) for alone in ("alone", "alone_other")]
    numbers = F.exists(F.array_union("alone", "alone_other"), lambda word: word.rlike(r"^\d{1,3}$"))
    one, other = F.col("one")["part"], F.col("other")["part"]
    numbered = F.coalesce(~(one.contains(other) | other.contains(one)), F.lit(False))
    return (coded[0] & coded[1]) | (numbers & ~F.col("coded")) | numbered


def _possible(one: Column, other: Column) -> Column:
    """Nothing that both state contradicts: numbers, makers, measures, colours and their like, what it fits, how many."""
    fits, fits_other = one["accessories"], other["accessories"]
    fitting = F.when((F.size(fits) == 0) | (F.size(fits_other) == 0), F.size(fits) == F.size(fits_other))
    return (
        F.coalesce(one["gtin"] == other["gtin"], F.lit(True))
        & _related_makers(one, other)
        & fitting.otherwise(F.arrays_overlap(fits, fits_other))
        & ~_contrary(one["figures"], other["figures"], _near)
        & ~_contrary(one["traits"], other["traits"], lambda a, b: a["word"] == b["word"])
        & as_many(one, other)
    )


def _near(a: Column, b: Column) -> Column:
    rounded = F.when(a["dim"].isin(*MEASURED), F.lit(NEAR)).otherwise(F.lit(1e-9))
    return F.abs(a["size"] - b["size"]) <= rounded * F.greatest(a["size"], b["size"])


def _contrary(left: Column, right: Column, alike: Callable[[Column, Column], Column]) -> Column:
    """Say whether, of a dimension that both state, each states what the other doesn't."""

    def lacking(some: Column, others: Column) -> Column:
        return F.filter(some, lambda a: ~F.exists(others, lambda b: (b["dim"] == a["dim"]) & alike(a, b)))

    theirs = lacking(right, left)
    return F.exists(lacking(left, right), lambda a: F.exists(theirs, lambda b: a["dim"] == b["dim"]))


def as_many(one: Column, other: Column) -> Column:
    """Say whether both may sell the same number: what they state agrees, and none sells several where the other states none."""

    def counts(side: Column) -> Column:
        return F.filter(side["figures"], lambda figure: figure["dim"] == "count")

    single = [side["packed"] & (F.size(counts(rest)) == 0) for side, rest in ((one, other), (other, one))]
    return ~(single[0] | single[1] | _contrary(counts(one), counts(other), _near))


def _same_makers(one: Column, other: Column) -> Column:
    """The brands agree, or one is within the other (Philips Hue, Philips), or the one brand that is named is in the other's title."""
    a, b = (F.regexp_replace(side["maker"], "(?<=[aou])e", "") for side in (one, other))  # Märklin, Maerklin
    within = F.concat(F.lit(" "), a, F.lit(" ")).contains(F.concat(F.lit(" "), b, F.lit(" ")))
    around = F.concat(F.lit(" "), b, F.lit(" ")).contains(F.concat(F.lit(" "), a, F.lit(" ")))
    tight = F.replace(a, F.lit(" ")) == F.replace(b, F.lit(" "))
    return F.when(a.isNotNull() & b.isNotNull(), tight | within | around).otherwise(
        (a.isNull() | _says(other, one)) & (b.isNull() | _says(one, other))
    )


def _related_makers(one: Column, other: Column) -> Column:
    """As above, or one brand is in the other's title, as Hot Wheels by Mattel; enough only where a number agrees too."""
    return _same_makers(one, other) | (_numbered(one, other) & (_says(other, one) | _says(one, other)))


def _says(side: Column, brand: Column) -> Column:
    return F.array_contains(_names(side), stem(F.array_join(brand["named"], "")))


def _numbered(one: Column, other: Column) -> Column:
    """The makers' numbers are the same, or one stands in the other's title."""

    def named(side: Column, title: Column) -> Column:
        part = F.lower(side["part"])
        return part.rlike(CODE) & (F.length(part) >= 6) & F.array_contains(_names(title), part)

    return (
        F.coalesce(one["part"] == other["part"], F.lit(False))
        | F.coalesce(named(one, other), F.lit(False))
        | F.coalesce(named(other, one), F.lit(False))
    )


def _names(side: Column) -> Column:
    return side["grams"]["gram"]


def _told(side: Column) -> Column:
    return F.array_except(side["words"], F.col("brand"))


def _alone(side: Column, other: Column) -> Column:
    """The words of a side that the other has neither as such, nor joined or parted, nor as a longer code or a measure."""
    covered = F.filter(side["grams"], lambda gram: F.array_contains("shared", gram["gram"]))
    words = F.array_except(_told(side), F.flatten(covered["parts"]))
    return F.filter(words, lambda word: ~(_prolonged(word, other) | _measured(word, other)))


def _prolonged(word: Column, other: Column) -> Column:
    """A code goes on in the other's, or is its beginning: shops add a region or a colour, as in UE55AU7179UXZG."""

    def goes_on(short: Column, long: Column) -> Column:
        return (
            short.rlike(r"^(?=.*[a-z])(?:\D*\d){3}")
            & long.startswith(short)
            & F.substr(long, F.length(short) + 1).rlike("^[a-z]{3,}$")
        )

    return word.rlike(r"\d") & F.exists(other["codes"], lambda code: goes_on(word, code) | goes_on(code, word))


def _measured(word: Column, other: Column) -> Column:
    """A bare number is a measure of the other: `40` and `Größe 40`."""
    return word.rlike(r"^\d{1,5}$") & F.exists(other["figures"], lambda figure: figure["size"] == word.cast("double"))


def _total(words: Column) -> Column:
    return F.aggregate(F.transform(words, weight), F.lit(0.0), lambda total, one: total + one)


def _odd(alone: str) -> Column:
    return F.size(F.filter(alone, lambda word: weight(word) == 1))


def _part_of(total: Column, extra: Column) -> Column:
    return F.when(total > 0, 1 - extra / total).otherwise(F.lit(1.0))


def _coded(one: Column, other: Column) -> Column:
    """Both name the same model by a code that is unmistakable."""
    codes = F.filter(F.array_union(one["codes"], other["codes"]), lambda code: code.rlike(CODE) & (F.length(code) >= 5))
    longer = F.exists(codes, lambda code: ~F.array_contains(F.array_union("alone", "alone_other"), code))
    return longer | F.col("numbered")
