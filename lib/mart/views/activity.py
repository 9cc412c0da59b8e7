"""What a record says: its fields, or the first reason why it is no event.

In: raw records (source, partition, offset, key, payload, arrived_at). Out: the same with the business columns of
processed.events, and `reason` and `detail`, null for a good record. Strict: an id is a JSON string and a number a JSON
number; what is present but unreadable rejects the record, and nothing is silently nulled.

Nearly every record is *plain*: one pattern matches it from brace to brace, known keys, usual kinds, usual spelling. Its
fields are read at once as texts. Only the others are gone through field by field (views/scrutiny), which would say the same
of a plain record, at several times the cost. The rules are SQL text: built from Column objects they took longer to send to
Java than to apply.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.schema import PROPERTIES, STRING, TIMESTAMP, Column
from mart.settings import Ingest
from mart.tables.activity import BUSINESS, EVENT_TYPES
from mart.views import scrutiny

# Without escapes, which would have to be undone, and never empty, which counts as absent.
_TEXT = r'"[^"\\\x00-\x1f]++"'
_ANY_TEXT = r'"[^"\\\x00-\x1f]*+"'
_DECIMALS = r"(?:\.\d{1,18})?"

# How a plain record writes a field. Repetitions have an end: Java's stack has one.
_SPELLED = {
    "event_type": f'"(?:{"|".join(EVENT_TYPES)})"',
    "event_at": r'(?:"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?"|[1-9]\d{0,13})',
    "quantity": r"(?:[1-9]\d{0,8}|null)",
    "price": rf"(?:(?:0|[1-9]\d{{0,12}}){_DECIMALS}|null)",
    "rating": rf"(?:[0-4]{_DECIMALS}|5|null)",
    "properties": rf"\{{(?:{_ANY_TEXT}: ?{_TEXT}(?:, ?{_ANY_TEXT}: ?{_TEXT}){{0,40}})?\}}",
}
_TEXTS = "|".join(column.name for column in BUSINESS if column.name not in _SPELLED)
_KNOWN = "|".join(column.name for column in BUSINESS)
_PAIR = "|".join(
    [
        rf'"(?:{_TEXTS})": ?(?:{_TEXT}|null)',
        *(rf'"{name}": ?{value}' for name, value in _SPELLED.items()),
        rf'"(?!(?:{_KNOWN})"){_ANY_TEXT[1:]}: ?{_TEXT}',
    ]
)
_PLAINLY = rf"^\{{(?:{_PAIR})(?:, ?(?:{_PAIR})){{0,40}}\}}\z"


def _once(pairs: str) -> str:
    """No key comes twice: the JSON reader keeps all that it finds."""
    return f"size(array_distinct(map_keys({pairs}))) = size({pairs})"


_AT = "CASE WHEN contains(said['event_at'], '-') THEN try_cast(said['event_at'] AS TIMESTAMP)"
_AT += " ELSE timestamp_millis(try_cast(said['event_at'] AS BIGINT)) END"

_PLAIN = f"""coalesce(usual
  AND said['event_id'] IS NOT NULL AND said['product_id'] IS NOT NULL AND said['event_type'] IS NOT NULL
  AND (said['user_id'] IS NOT NULL OR said['session_id'] IS NOT NULL)
  AND (said['price'] IS NULL OR said['currency'] IS NOT NULL)
  AND instant BETWEEN {scrutiny.EARLIEST} AND latest
  AND {_once("said")} AND coalesce({_once("noted")}, true) AND NOT {scrutiny.BOT}, false)"""


def parse(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Read each record's fields, and say what is wrong with it first."""
    odd = F.expr(f"CASE WHEN NOT plain THEN {scrutiny.verdict(rules)} END")
    fields = [F.expr(f"CASE WHEN plain THEN {_plainly(c)} ELSE odd.{c.name} END AS {c.name}") for c in BUSINESS]
    return _read(raw, rules).withColumn("odd", odd).select(*raw.columns, *fields, "odd.reason", "odd.detail")


def _read(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Add what each record has `said` and `noted` as properties, its `instant` and the `latest`, and whether it is `plain`."""
    steps = {
        "usual": f"{scrutiny.text_like(rules)} AND {scrutiny.TEXT} RLIKE r'{_PLAINLY}'",
        "said": f"CASE WHEN usual THEN from_json({scrutiny.TEXT}, 'MAP<STRING,STRING>') END",
        "noted": "from_json(said['properties'], 'MAP<STRING,STRING>')",
        "instant": _AT,
        "latest": f"arrived_at + INTERVAL {rules.future_minutes} MINUTES",
        "plain": _PLAIN,
        "others": f"CASE WHEN plain AND {scrutiny.UNKNOWN.format('said')} THEN {scrutiny.others('noted', 'said')} END",
    }
    for name, sql in steps.items():
        raw = raw.withColumn(name, F.expr(sql))
    return raw


def _plainly(column: Column) -> str:
    """Write how a plain record's field is read."""
    value = {TIMESTAMP: "instant", STRING: f"said['{column.name}']", PROPERTIES: scrutiny.together("noted", "others")}
    return value.get(column.type, f"CAST(said['{column.name}'] AS {column.type.spark})")
