"""What a shop writes of a product, in the form in which two shops can be compared.

In: rows with title, brand, gtin, mpn as shops write them. Out: the same rows with what COMPARED names. Nothing but the row itself is
read, so a pair of rows is judged the same whatever else is there.
"""

from collections.abc import Iterable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.views.vocabulary import (
    ACCESSORIES,
    LEGAL,
    NAMELESS,
    PARTS,
    PLAIN,
    SAME_BRAND,
    SIZES,
    STOP,
    SYNONYMS,
    TRAIT_OF,
    UNIT_DIMENSIONS,
    UNIT_SIZES,
    meanings,
)

# gtin: 14 digits; maker: the brand; part: the mpn; words: the title's words in order, figures apart; grams: up to three neighbouring
# words written as one; codes: words with a digit that may name a model; figures, traits, variants, accessories: what may differ.
COMPARED = (
    "gtin", "maker", "named", "part", "words", "grams", "codes", "figures", "traits", "accessories", "packed",
)  # fmt: skip

_ACCENTS = (
    "àáâãäåāăąçćčďèéêëēėęěğìíîïīįıłñńňòóôõöøōőŕřśšşșťțùúûüūůűųýÿźżž",
    "aaaaaaaaacccdeeeeeeeegiiiiiiilnnnooooooooorrssssttuuuuuuuuyyzzz",
)
_WORD = r"\d+(?:\.\d+)?"
_UNIT = "|".join(sorted(UNIT_SIZES, key=lambda name: (-len(name), name)))
_PACK = "multipack|multipacks|pack|packs|packung|paket|paquete|paquetes|set|lot|box|boxes|carton|juego|pk"

# Applied in turn to the folded title; each brings one way of writing to the way that the units know.
_REWRITES: tuple[tuple[str, str], ...] = (
    (r"[''`´‘’]s\b", "s"),
    (r"[‘’'`´](?!')", ""),
    (r"(\d)\s*(?:[\"”″]|'')", "$1 inch "),
    (r"×", "x"),
    (r"\b([1-9]\d{0,2})[.,](\d{3})\b", "$1$2"),  # 10.000 mAh
    (r"(\d),(\d)", "$1.$2"),
    (r"\b(?:spf|lsf|fps) ?(\d{2})\+?", "$1spf "),
    (r"\b(\d+)\.0+\b", "$1"),
    (r"(\d)\s*%", "$1pct "),
    (r"(?<=[a-z]|[a-z]\d{1,3})\+(?=[\s)\],]|$)", " plus "),
    (r"(?<![\d.])\.|\.(?!\d)", " "),
    (r"\s+", " "),
    (r"\b(?:3[4-9]|4\d)[-/](3[5-9]|[45]\d)\b", "$1size "),  # socks
    (r"\bakku-(?=[a-z])", "cordless "),
    (
        r"\b(?:body only|bare (?:unit|tool)|(?:ohne|without|sans|sin) (?:akku|batter(?:y|ies)|batterie|bateria))\b",
        " solo ",
    ),
    (r"\b(?:ohne|without|sans|sin) [a-z]+", " "),
    (r"\bt-shirt", "tshirt"),
    (r"\b(?:fl|fluid) ?(?:oz|ounces?)\b", "floz"),
    (r"\b(?:n|no|nr|num|vol|band|tome|tomo|teil|part|folge) ?[°º:]? ?(?=\d)", " "),
    (r"\b(\d{1,2})(?:st|nd|rd|th|e|eme|a|ª)? ?-?(?:gen|generation|generacion|generazione)\b", " $1 "),
    (r"\b(\d{1,2})(?:st|nd|rd|th)? ?(?:edition|ed|auflage|edicion)\b", " $1 "),
    (r"\b(?:gen|generation|mk|mark) ?(\d)\b", " $1 "),
    (r"\b(?:twin ?pack|doppel ?pack|double ?pack|duo ?pack)\b", "2pack "),
    (rf"\b(?:{_PACK}) ?(?:of|de|a|mit|with|:)? ?(\d{{1,3}})\b(?! ?(?:{_UNIT})\b)", "$1pack "),
    (rf"\b(\d{{1,3}}) ?-?(?:er|x)?[ -]?(?:{_PACK})\b", "$1pack "),
    (r"\b(\d{1,3})er\b", "$1pack "),
    (rf"\b({_WORD}) ?x ?({_WORD}) ?x ?({_WORD}) ?(mm|cm|m|inch)\b", "$1$4 $2$4 $3$4 "),
    (rf"\b({_WORD}) ?x ?({_WORD}) ?(mm|cm|m|inch)\b", "$1$3 $2$3 "),
    (rf"(?<![\w.])(\d{{1,3}}) ?x ?(?={_WORD} ?(?:{_UNIT})\b)", "$1pack "),
    (r"(?<![\w.])(\d{1,2}) ?x (?=[a-z])", "$1pack "),
    (rf"\bx ?(\d{{1,2}})\b(?! ?(?:{_UNIT})\b)", "$1pack "),
    (r"\b(?:tin|tub|jar|wallet|etui|bottle) of (\d{1,3})\b", "$1pack "),
    (r"\bw ?(\d\d)[ /,]+l ?(\d\d)\b|\b(\d\d) ?w[ /,]+(\d\d) ?l\b", "$1$3waist $2$4leg "),
    (r"\b(?:size|gr|grosse|taille|talla|sz|eu|eur) ?:? ?(?:\d\d-)?(\d{1,3}(?:\.5)?)\b", "$1size "),
    (r"\b(?:size|gr|grosse|taille|talla|sz) ?:? ?(?=(?:x{0,3}[sl]|m)\b)", " "),
    (r"\b(uk|us) ?(\d{1,2}(?:\.5)?)\b", "$2$1 "),
    (r"(\d+) ?(?:gb)? ?\+ ?(\d+) ?gb\b", "$1gb $2gb "),
    (r"(\d+) ?/ ?(\d+) ?gb\b", "$1gb $2gb "),
    (rf"(?<![a-z\d.])({_WORD})[ -]?({_UNIT})(?![a-z\d])", " $1$2 "),
    (r"(?<![\w.-])((?:19[5-9]|20[0-3])\d)(?![\w.-])", "$1year "),
    (r"\b([a-z]{1,3})-(?=[a-z]*\d)", "$1"),  # WH-1000XM4
    (r"\b(?:for|fur|pour|para)(?= (?:[a-z]+ ){0,3}[a-z]*\d)", "compatible"),  # ink for ET-2850
    (r"\b([a-z&&[^lmsx]]) (\d{1,4})(?: ([a-z]))?\b", "$1$2$3"),  # T 144 D
)
_WITH = r" (?:with|mit|avec|con|incl|inkl|including|inklusive|includes) "
SHELVES = 512
SHORTEST = 5  # letters of a good that a compound may end in
LONGEST = 300  # characters of a title that are read; what shops add beyond says nothing
_REPEATED = r"^(\d)\1*$"
_DUMMIES = ("00123456789012", "01234567890128", "00012345678905", "12345678901231")


def normalised(offers: DataFrame) -> DataFrame:
    """Add what the rules compare; rows that have it already are left as they are, so that a job may keep them."""
    if "words" in offers.columns:
        return offers
    steps = (
        {
            "text": _spelled(F.left(F.coalesce("title", F.lit("")), F.lit(LONGEST))),
            "maker": _maker(),
            "part": _part(),
            "gtin": _gtin(),
        },
        {"tokens": _tokens(F.col("text")), "first": _tokens(F.split("text", _WITH)[0])},
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


def folded(text: Column) -> Column:
    """Write in lower case and without accents."""
    plain = F.translate(F.lower(text), *_ACCENTS)
    for letters, simple in (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("[™®©]", "")):
        plain = F.regexp_replace(plain, letters, simple)
    return plain


def _spelled(title: Column) -> Column:
    return reduce(lambda text, rule: F.regexp_replace(text, *rule), _REWRITES, folded(title))


def _tokens(text: Column) -> Column:
    return F.filter(F.split(text, r"[^\p{L}\p{N}.]+|(?<!\d)\.|\.(?!\d)"), lambda token: token != "")


def _maker() -> Column:
    """The brand without what shops put around it, legal forms and punctuation; null where it names none."""
    said = F.regexp_replace(
        folded(F.col("brand")),
        r"^\s*(?:visit the|brand\s*:?|marke\s*:?|marque\s*:?|marca\s*:?|by)\s+| store\s*$|^brand:|^marke:",
        "",
    )
    plain = F.trim(F.regexp_replace(F.regexp_replace(said, r"[''‘’´`]|(?<=\b[a-z])\.", ""), r"[^\p{L}\p{N}]+", " "))
    bare = F.regexp_replace(plain, rf"(?<=.)(?: (?:co|und|and|{'|'.join(LEGAL)}))+$", "")
    other = F.coalesce(_lookup(SAME_BRAND, bare), bare)
    return F.when(~other.isin(*NAMELESS), other)


def _part() -> Column:
    bare = F.upper(F.regexp_replace(folded(F.col("mpn")), r"[^\p{L}\p{N}]", ""))
    said = F.when(bare.rlike(r"\d") & (F.length(bare) >= 3), F.regexp_replace(bare, "^0+(?=.{5})", ""))
    return F.when(~said.rlike(r"^(\w)\1*$"), said)


def _gtin() -> Column:
    """14 digits with a right check digit; null for a dummy, and for a number that each shop gives out for itself."""
    digits = F.regexp_replace("gtin", r"[\s\-.]", "")
    padded = F.when(digits.rlike(r"^(?:\d{8}|\d{12,14})$"), F.lpad(digits, 14, "0"))
    weighted = [padded.substr(place, 1).cast("int") * (3 if place % 2 else 1) for place in range(1, 15)]
    right = reduce(Column.__add__, weighted) % 10 == 0
    own = padded.rlike("^(?:02|002)")
    dummy = F.ltrim(padded, F.lit("0")).rlike(_REPEATED) | padded.isin(*_DUMMIES) | padded.rlike("^0+$")
    return F.when(right & ~own & ~dummy, padded)


def _lookup(meant: Mapping[str, str], word: Column) -> Column:
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
    return F.coalesce(_lookup(dict.fromkeys(words, ""), word) == "", F.lit(False))


def _unit(token: Column) -> Column:
    """Read the unit that a token ends with; 13600K is a processor and no colour of light."""
    return F.when(token.rlike(rf"^{_WORD}[a-z]+$") & ~token.rlike(r"^\d{5,}k$"), F.regexp_extract(token, "[a-z]+$", 0))


def _figures() -> Column:
    """Measures as (dimension, size): `6,1 Zoll` and `6.1"` are the same 154.94 mm. A clothing size is one too."""
    letters = F.split(F.lit(" ".join(SIZES)), " ")

    def measure(token: Column) -> Column:
        unit = _unit(token)
        number = F.regexp_extract(token, rf"^{_WORD}", 0).cast("double")
        worn = F.array_position(letters, token).cast("double")
        size = F.when(unit.isNotNull(), _lookup(UNIT_SIZES, unit).cast("double") * number).when(worn > 0, worn)
        return F.struct(F.coalesce(_lookup(UNIT_DIMENSIONS, unit), F.lit("letters")).alias("dim"), size.alias("size"))

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
        return F.coalesce(_lookup(SYNONYMS, word), _lookup(SYNONYMS, F.regexp_replace(word, "(?<=...)[ns]$", "")), word)

    whole = F.filter(tokens, kept)
    for _ in range(2):  # Wasserfilterkartusche
        whole = F.flatten(F.transform(whole, parted))
    return F.transform(whole, meant)


def stem(word: Column) -> Column:
    """Cut the commonest endings of the plural and of declension."""
    return F.regexp_replace(word, r"(?<=^[a-z]{4,40})(?:en|es|er|s|e|n)$", "")


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
    found = F.transform("words", lambda word: F.struct(_lookup(TRAIT_OF, word).alias("dim"), word.alias("word")))
    return F.array_distinct(F.filter(found, lambda one: one["dim"].isNotNull()))


def _accessories() -> Column:
    """What the title says to fit something else."""
    names = F.split(F.lit(" ".join(sorted(set(meanings(ACCESSORIES).values())))), " ")
    return F.array_sort(F.array_intersect("first", names))


def weight(word: Column) -> Column:
    """How much a word tells: a model's code most, what every shop adds hardly anything."""
    return (
        F.when(word.rlike(r"^(?=.*[a-z])(?:\D*\d){2}|^\d{4,}$") & (F.length(word) >= 4), F.lit(3.0))
        .when(word.rlike(r"\d"), F.lit(1.0))
        .when(among(PLAIN, word) | (F.length(word) < 2), F.lit(0.25))
        .otherwise(F.lit(1.0))
    )
