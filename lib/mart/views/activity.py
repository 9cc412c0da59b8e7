"""What a record says: its fields, or the first reason why it is no event.

In: raw records (source, partition, offset, key, payload, arrived_at). Out: the same with the business columns of
processed.events, and `reason` and `detail`, null for a good record. Strict: an id is a JSON string and a number a JSON
number; what is present but unreadable rejects the record, and nothing is silently nulled.

Nearly every record is *plain*: known keys, usual kinds, usual spelling. Its fields are read at one glance. Only the others
are gone through field by field (views/scrutiny), which would say the same of a plain record, at several times the cost.
The rules are SQL text: built from Column objects they took longer to send to Java than to apply.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.schema import DOUBLE, INT, MONEY, PROPERTIES, STRING, TIMESTAMP, Column
from mart.settings import Ingest
from mart.tables.activity import BUSINESS, EVENT_TYPES
from mart.views import scrutiny

# After the value comes a word that no record holds: the JSON reader stops after the first value, and would take
# `{"a":1} junk` for good.
END = "end of the record 5d1c7f0b"

# As text: a variant's own cast to other types is planned anew for each value.
_GLANCE = (
    "struct<"
    + ", ".join(f"{c.name}: {'map<string, string>' if c.type == PROPERTIES else 'string'}" for c in BUSINESS)
    + ">"
)

# The kinds that a plain record's fields have, as schema_of_variant names them; none of them is lost in a cast.
_KINDS = {
    STRING: "STRING|VOID",
    TIMESTAMP: "STRING|BIGINT",
    INT: "BIGINT|VOID",
    MONEY: r"BIGINT|DECIMAL\((?:1?\d|20),(?:\d|1[0-8])\)|VOID",
    DOUBLE: r"BIGINT|DECIMAL\(\d+,\d+\)|VOID",
    PROPERTIES: "OBJECT<[^<>`]*>|VOID",
}
_NAMES = {kinds: "|".join(c.name for c in BUSINESS if _KINDS[c.type] == kinds) for kinds in _KINDS.values()}
_USUAL = "|".join(f"(?:{names}): (?:{kinds})" for kinds, names in _NAMES.items())
_ALL_USUAL = f"^OBJECT<(?:(?:{_USUAL})(?:, |>$))+$"
_ONE_UNUSUAL = "[< ](?:" + "|".join(f"(?:{names}): (?!{kinds})" for kinds, names in _NAMES.items()) + ")"

_AT = r"""CASE
  WHEN contains(shape, 'event_at: BIGINT') AND glance.event_at RLIKE r'^\d{1,14}$'
    THEN timestamp_millis(CAST(glance.event_at AS BIGINT))
  WHEN glance.event_at RLIKE r'^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$'
    THEN try_cast(glance.event_at AS TIMESTAMP)
END"""

# An empty text counts as absent, and shows as two quotation marks; where it is an escaped one, nothing is lost.
_PLAIN = f"""coalesce(
  (usual OR shape LIKE 'OBJECT%' AND NOT shape RLIKE r'{_ONE_UNUSUAL}')
  AND NOT contains(CAST(payload AS STRING), '""')
  AND glance.event_id IS NOT NULL AND glance.product_id IS NOT NULL AND glance.event_type IN {EVENT_TYPES}
  AND (glance.user_id IS NOT NULL OR glance.session_id IS NOT NULL)
  AND (glance.price IS NULL OR
    try_cast(glance.price AS DECIMAL(38,18)) BETWEEN 0 AND 99999999999999.9999 AND glance.currency IS NOT NULL)
  AND (glance.quantity IS NULL OR try_cast(glance.quantity AS BIGINT) BETWEEN 1 AND {2**31 - 1})
  AND (glance.rating IS NULL OR try_cast(glance.rating AS DOUBLE) BETWEEN 0 AND 5)
  AND instant BETWEEN {scrutiny.EARLIEST} AND latest, false)"""

# Every key that we do not know becomes a property, as text; one that is in both is the producer's.
_KNOWN = "array(" + ", ".join(f"'{column.name}'" for column in BUSINESS) + ")"
_OTHERS = f"""CASE WHEN usual THEN NULL ELSE map_filter(try_cast(object AS MAP<STRING,STRING>), (key, _) ->
  NOT array_contains({_KNOWN}, key) AND NOT coalesce(map_contains_key(glance.properties, key), false)) END"""
_PROPERTIES = """CASE WHEN coalesce(size(others), 0) = 0 THEN glance.properties
  ELSE map_concat(coalesce(glance.properties, map()), others) END"""


def parse(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Read each record's fields, and say what is wrong with it first."""
    plain = raw.transform(_read, rules).withColumn("plain", F.expr(_PLAIN)).withColumn("others", F.expr(_OTHERS))
    seen = scrutiny.examine(plain, "NOT plain", rules)
    return seen.select(*raw.columns, *[F.expr(f"{_field(c)} AS {c.name}") for c in BUSINESS], "reason", "detail")


def _read(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Add `object` (null where the payload is none) with its `shape` and whether all is `usual`, and its `glance`."""
    text = "CAST(payload AS STRING)"
    fits = f"length(payload) <= {rules.max_payload_bytes} AND is_valid_utf8({text}) AND NOT contains({text}, '{END}')"
    steps = {
        "document": f"""CASE WHEN {fits} THEN try_parse_json(concat('[', {text}, ',"{END}"]')) END""",
        "object": f"CASE WHEN try_variant_get(document, '$[1]', 'string') = '{END}' THEN"
        " try_variant_get(document, '$[0]', 'variant') END",
        "shape": "schema_of_variant(object)",
        "usual": f"coalesce(shape RLIKE r'{_ALL_USUAL}', false)",
        "glance": f"try_variant_get(object, '$', '{_GLANCE}')",
        "instant": _AT,
        "latest": f"arrived_at + INTERVAL {rules.future_minutes} MINUTES",
    }
    for name, sql in steps.items():
        raw = raw.withColumn(name, F.expr(sql))
    return raw


def _field(column: Column) -> str:
    """Write how a field is read: at a glance, or from what scrutiny found."""
    if column.type == PROPERTIES:
        return _PROPERTIES
    at_a_glance = "instant" if column.type == TIMESTAMP else f"try_cast(glance.{column.name} AS {column.type.spark})"
    return f"CASE WHEN plain THEN {at_a_glance} ELSE {scrutiny.VALUES[column.name]} END"
