"""One way of writing for what shops write in many: numbers with their units, packs, sizes, generations.

In: a title. Out: it in lower case and without accents, each measure one word (`128gb`, `6.1inch`, `2pack`), and its words.
"""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from mart.views.vocabulary import UNIT_SIZES

_ACCENTS = (
    "àáâãäåāăąçćčďèéêëēėęěğìíîïīįıłñńňòóôõöøōőŕřśšşșťțùúûüūůűųýÿźżž",
    "aaaaaaaaacccdeeeeeeeegiiiiiiilnnnooooooooorrssssttuuuuuuuuyyzzz",
)
NUMBER = r"\d+(?:\.\d+)?"
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
    (rf"\b({NUMBER}) ?x ?({NUMBER}) ?x ?({NUMBER}) ?(mm|cm|m|inch)\b", "$1$4 $2$4 $3$4 "),
    (rf"\b({NUMBER}) ?x ?({NUMBER}) ?(mm|cm|m|inch)\b", "$1$3 $2$3 "),
    (rf"(?<![\w.])(\d{{1,3}}) ?x ?(?={NUMBER} ?(?:{_UNIT})\b)", "$1pack "),
    (r"(?<![\w.])(\d{1,2}) ?x (?=[a-z])", "$1pack "),
    (rf"\bx ?(\d{{1,2}})\b(?! ?(?:{_UNIT})\b)", "$1pack "),
    (r"\b(?:tin|tub|jar|wallet|etui|bottle) of (\d{1,3})\b", "$1pack "),
    (r"\bw ?(\d\d)[ /,]+l ?(\d\d)\b|\b(\d\d) ?w[ /,]+(\d\d) ?l\b", "$1$3waist $2$4leg "),
    (r"\b(?:size|gr|grosse|taille|talla|sz|eu|eur) ?:? ?(?:\d\d-)?(\d{1,3}(?:\.5)?)\b", "$1size "),
    (r"\b(?:size|gr|grosse|taille|talla|sz) ?:? ?(?=(?:x{0,3}[sl]|m)\b)", " "),
    (r"\b(uk|us) ?(\d{1,2}(?:\.5)?)\b", "$2$1 "),
    (r"(\d+) ?(?:gb)? ?\+ ?(\d+) ?gb\b", "$1gb $2gb "),
    (r"(\d+) ?/ ?(\d+) ?gb\b", "$1gb $2gb "),
    (rf"(?<![a-z\d.])({NUMBER})[ -]?({_UNIT})(?![a-z\d])", " $1$2 "),
    (r"(?<![\w.-])((?:19[5-9]|20[0-3])\d)(?![\w.-])", "$1year "),
    (r"\b([a-z]{1,3})-(?=[a-z]*\d)", "$1"),  # WH-1000XM4
    (r"\b(?:for|fur|pour|para)(?= (?:[a-z]+ ){0,3}[a-z]*\d)", "compatible"),  # ink for ET-2850
    (r"\b([a-z&&[^lmsx]]) (\d{1,4})(?: ([a-z]))?\b", "$1$2$3"),  # T 144 D
)


def folded(text: Column) -> Column:
    """Write in lower case and without accents."""
    plain = F.translate(F.lower(text), *_ACCENTS)
    for letters, simple in (("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("[™®©]", "")):
        plain = F.regexp_replace(plain, letters, simple)
    return plain


def spelled(title: Column) -> Column:
    """Write a title as the rules read it."""
    return reduce(lambda text, rule: F.regexp_replace(text, *rule), _REWRITES, folded(title))


def tokens(text: Column) -> Column:
    """Cut a title that is spelled into its words; a point stays within a number."""
    return F.filter(F.split(text, r"[^\p{L}\p{N}.]+|(?<!\d)\.|\.(?!\d)"), lambda token: token != "")
