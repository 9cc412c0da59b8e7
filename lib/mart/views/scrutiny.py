"""A record under scrutiny: each field by itself, and the first reason why the record is no event.

In: records with their payload and the `latest` instant that may be. Out: `reason`, `detail` (the field and the start of its
value), and what VALUES reads. The fields are rows of one array, so that a rule is written once for all of them.
"""

from mart.schema import DOUBLE, INT, MONEY, PROPERTIES, STRING, TIMESTAMP, Column
from mart.settings import Ingest
from mart.tables.activity import BOUNDS, BUSINESS, EVENT_TYPES, FORMS, REQUIRED

EARLIEST = "TIMESTAMP '1900-01-01 00:00:00Z'"  # there were no shops like ours before

TEXT = "CAST(payload AS STRING)"

_KNOWN = "array(" + ", ".join(f"'{column.name}'" for column in BUSINESS) + ")"
UNKNOWN = f"size(array_except(map_keys({{}}), {_KNOWN})) > 0"  # tells at a fraction of what `others` costs

BOT = "coalesce(noted['bot'] = 'true', false)"

# After the value comes a word that no record holds: the JSON reader stops after the first value, and would take
# `{"a":1} junk` for good.
END = "end of the record 5d1c7f0b"

_ISO_8601 = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?)?$"
_YEAR_10000 = 253_402_300_800_000  # [epoch ms]
_SHOWN = 80  # characters of a value in `detail`; the payload itself is kept whole
_VARIANTS = "struct<" + ", ".join(f"{c.name}: variant" for c in BUSINESS) + ">"


# What is known of a field, step by step: a step may use what those before it have found.
_STEPS: tuple[dict[str, str], ...] = (
    {"kind": "regexp_extract(schema_of_variant(f.value), '^[A-Z]+', 0)", "text": "try_cast(f.value AS STRING)"},
    {
        "given": "coalesce(f.kind, 'VOID') != 'VOID' AND NOT (f.kind = 'STRING' AND f.text = '')",
        "real": "CASE WHEN f.kind IN ('BIGINT', 'DOUBLE', 'DECIMAL') THEN try_cast(f.text AS DOUBLE) END",
    },
    {
        # Spark reads neither a comma before the fraction nor an hour and minute without seconds.
        "instant": f"""CASE WHEN f.form != 'instant' THEN NULL
          WHEN f.kind = 'STRING' AND f.text RLIKE r'{_ISO_8601}' THEN
            try_cast(regexp_replace(translate(f.text, 'tz,', 'TZ.'), r'^(.{{16}})(?!:)', r'$1:00') AS TIMESTAMP)
          WHEN f.real % 1 = 0 AND abs(f.real) < {_YEAR_10000} THEN timestamp_millis(CAST(f.real AS BIGINT)) END""",
    },
    {
        "readable": """coalesce(CASE f.form
          WHEN 'text' THEN f.kind = 'STRING'
          WHEN 'object' THEN f.kind = 'OBJECT'
          WHEN 'number' THEN f.real IS NOT NULL
          WHEN 'whole' THEN f.real % 1 = 0
          ELSE f.real % 1 = 0 OR (f.kind = 'STRING' AND f.instant IS NOT NULL) END, false)""",
        "possible": f"""coalesce(CASE
          WHEN f.form = 'instant' THEN f.instant >= {EARLIEST}
          WHEN f.form IN ('whole', 'number')
            THEN f.real BETWEEN f.low AND f.high AND try_cast(f.text AS DECIMAL(18,4)) IS NOT NULL
          ELSE true END, false)""",
        "shown": f"concat(f.name, ': ', left(to_json(f.value), {_SHOWN}))",
    },
)


def _fault(rank: int, reason: str, detail: str, place: str = "0") -> str:
    """Say what is wrong; the lowest rank and place is recorded."""
    return f"named_struct('rank', {rank}, 'place', {place}, 'reason', '{reason}', 'detail', {detail})"


def _given(name: str) -> str:
    return f"exists(fields, f -> f.name = '{name}' AND f.given)"


_FAULTS_OF_FIELDS = f"""transform(fields, (f, i) -> CASE
  WHEN f.required IS NOT NULL AND NOT f.given THEN {_fault(2, "missing_field", "f.name", "f.required")}
  WHEN f.name = 'event_type' AND NOT coalesce(f.kind = 'STRING' AND f.text IN {EVENT_TYPES}, false)
    THEN {_fault(4, "unknown_event_type", "f.shown")}
  WHEN NOT f.given THEN NULL
  WHEN NOT f.readable THEN {_fault(5, "bad_type", "f.shown", "i")}
  WHEN NOT f.possible THEN {_fault(6, "out_of_range", "f.shown", "i")}
  WHEN f.instant > latest THEN {_fault(7, "from_the_future", "f.shown")}
END)"""

_FAULTS_OF_RECORDS = f"""array(
  CASE WHEN length(payload) > {{largest}} THEN {_fault(0, "too_large", "concat(length(payload), ' bytes')")} END,
  CASE WHEN NOT coalesce(startswith(schema_of_variant(object), 'OBJECT'), false)
    THEN {_fault(1, "not_json", f"decode(substring(payload, 1, {_SHOWN}), 'ISO-8859-1')")} END,
  CASE WHEN NOT {_given("user_id")} AND NOT {_given("session_id")}
    THEN {_fault(3, "missing_field", "'user_id or session_id'", "0")} END,
  CASE WHEN {_given("price")} AND NOT {_given("currency")} THEN {_fault(3, "missing_field", "'currency'", "1")} END,
  CASE WHEN {{bot}} THEN {_fault(8, "bot", "'properties.bot'")} END)"""


def verdict(rules: Ingest) -> str:
    """Write the expression that examines a record: a struct of `reason`, `detail` and the fields.

    It is one expression, all lambdas: Spark walks through it for the few records that need it, while a plan of several steps
    made it write and format half a megabyte of Java for each task.
    """
    fits = f"{text_like(rules)} AND NOT contains({TEXT}, '{END}')"
    of_records = _FAULTS_OF_RECORDS.format(largest=rules.max_payload_bytes, bot=BOT)
    faults = f"concat({of_records}, {_FAULTS_OF_FIELDS})"
    steps = {
        "document": f"""CASE WHEN {fits} THEN try_parse_json(concat('[', {TEXT}, ',"{END}"]')) END""",
        "object": f"CASE WHEN try_variant_get(document, '$[1]', 'string') = '{END}' THEN"
        " try_variant_get(document, '$[0]', 'variant') END",
        "variants": f"try_variant_get(object, '$', '{_VARIANTS}')",
        "fields": _fields(),
        "noted": "try_cast(variants.properties AS MAP<STRING,STRING>)",
        "fault": f"array_min({faults})",
        "texts": "map_from_entries(transform(filter(fields, f -> f.given AND f.readable), f -> struct(f.name, f.text)))",
        "others": others("noted", "try_cast(object AS MAP<STRING,STRING>)"),
    }
    values = ", ".join(f"'{column.name}', {_value(column)}" for column in BUSINESS)
    return _let(steps, f"named_struct('reason', fault.reason, 'detail', fault.detail, {values})")


def _let(steps: dict[str, str], result: str) -> str:
    """Name values one after the other; SQL has no other way than a lambda over an array of one."""
    for name, value in reversed(steps.items()):
        result = f"transform(array({value}), {name} -> {result})[0]"
    return result


def text_like(rules: Ingest) -> str:
    """The payload may be looked into: not too large, and text."""
    return f"length(payload) <= {rules.max_payload_bytes} AND is_valid_utf8({TEXT})"


def others(properties: str, record: str) -> str:
    """Find the keys of a record that we do not know; one that is also in its properties is the producer's."""
    return f"""map_filter({record}, (key, _) ->
      NOT array_contains({_KNOWN}, key) AND NOT coalesce(map_contains_key({properties}, key), false))"""


def together(properties: str, others: str) -> str:
    """Make every key that we do not know a property."""
    return f"""CASE WHEN coalesce(size({others}), 0) = 0 THEN {properties}
      ELSE map_concat(coalesce({properties}, map()), {others}) END"""


def _fields() -> str:
    """Write the array of fields, one row a column, and the steps around it."""
    known = ["name", "form", "required", "low", "high", "value"]
    sql = f"array({', '.join(_row(column) for column in BUSINESS)})"
    for step in _STEPS:
        row = ", ".join([*(f"f.{name}" for name in known), *(f"{found} AS {name}" for name, found in step.items())])
        sql = f"transform({sql}, f -> struct({row}))"
        known += step
    return sql


def _row(column: Column) -> str:
    low, high = BOUNDS.get(column.name, (0, 0))
    required = REQUIRED.index(column.name) if column.name in REQUIRED else "CAST(NULL AS INT)"
    return (
        f"named_struct('name', '{column.name}', 'form', '{FORMS[column.type]}', 'required', {required},"
        f" 'low', {low}D, 'high', {high}D, 'value', variants.{column.name})"
    )


def _value(column: Column) -> str:
    """Money keeps its digits; a whole number may be written 2.0 or 2e0, which is none to a cast from text."""
    return {
        STRING: f"texts['{column.name}']",
        TIMESTAMP: f"filter(fields, f -> f.name = '{column.name}')[0].instant",
        INT: f"try_cast(try_cast(texts['{column.name}'] AS DOUBLE) AS INT)",
        MONEY: f"try_cast(texts['{column.name}'] AS {MONEY.spark})",
        DOUBLE: f"try_cast(texts['{column.name}'] AS DOUBLE)",
        PROPERTIES: together("noted", "others"),
    }[column.type]
