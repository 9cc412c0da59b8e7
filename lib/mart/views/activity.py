"""What a record says: its fields, or the first reason why it is no event.

In: raw records (source, partition, offset, key, payload, arrived_at). Out: the same with the business columns of
processed.events, and `reason` and `detail`, null for a good record. Strict: an id is a JSON string and a number a JSON
number; what is present but unreadable rejects the record, and nothing is silently nulled.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mart.schema import DOUBLE, INT, MONEY, PROPERTIES, STRING, TIMESTAMP
from mart.settings import Ingest
from mart.tables.activity import BUSINESS, EVENT_TYPES

_REQUIRED = ("event_id", "event_type", "event_at", "product_id")
_TEXTS = tuple(c.name for c in BUSINESS if c.type == STRING)
_NUMBERS = tuple(c.name for c in BUSINESS if c.type in (INT, MONEY, DOUBLE))
_FIELDS = tuple(c.name for c in BUSINESS)
_ISO_8601 = r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?)?$"
_SHOWN = 80  # characters of a value in `detail`; the payload itself is kept whole

# After the value comes a word that no record holds: the JSON reader stops after the first value, and would take
# `{"a":1} junk` for good.
END = "end of the record 5d1c7f0b"
_ONE_OBJECT = "struct<" + ", ".join(f"{name}: variant" for name in _FIELDS) + ">"


def parse(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Read each record's fields, and say what is wrong with it first."""
    read = raw.transform(_read, rules).transform(_typed)
    judged = read.withColumn("verdict", F.coalesce(*_verdicts(rules)))
    fields = [F.col(f"field_{name}").alias(name) for name in _FIELDS]
    return judged.select(
        *raw.columns, *fields, F.col("verdict.reason").alias("reason"), F.col("verdict.detail").alias("detail")
    )


def _read(raw: DataFrame, rules: Ingest) -> DataFrame:
    """Add `object` (the JSON object, else null), and for each field its JSON type `kind_…` and its `text_…`.

    Flat columns on purpose: Spark would work out the fields of a struct anew wherever they are used.
    """
    fits = F.length("payload") <= rules.max_payload_bytes
    text = F.col("payload").cast("string")
    parsed = F.try_parse_json(F.concat(F.lit("["), text, F.lit(f',"{END}"]')))
    alone = F.expr(f"try_variant_get(document, '$[1]', 'string') = '{END}'") & ~F.contains(text, F.lit(END))
    whole = F.expr("try_variant_get(document, '$[0]', 'variant')")
    kinds = {f"kind_{name}": F.schema_of_variant(f"value.{name}") for name in _FIELDS}
    texts = {f"text_{name}": F.col(f"value.{name}").try_cast("string") for name in _FIELDS}
    return (
        raw.withColumn("document", F.when(fits & F.is_valid_utf8(text), parsed))
        .withColumn("object", F.when(alone, whole))
        .withColumn("value", F.expr(f"try_variant_get(object, '$', '{_ONE_OBJECT}')"))
        .withColumns(kinds | texts)
    )


def _typed(read: DataFrame) -> DataFrame:
    """Add `field_…`: each field in its declared type, null where it is absent or unreadable."""
    casts: dict[str, Callable[[str], Column]] = dict.fromkeys(_TEXTS, _text)
    casts |= {c.name: _number(c.type.spark) for c in BUSINESS if c.name in _NUMBERS}
    casts |= {c.name: _instant for c in BUSINESS if c.type == TIMESTAMP}
    casts |= {c.name: _properties for c in BUSINESS if c.type == PROPERTIES}
    return read.withColumns({f"field_{name}": casts[name](name) for name in _FIELDS})


def _verdicts(rules: Ingest) -> list[Column]:
    """The reasons in their order: the first that fits is the one recorded."""
    too_large = F.length("payload") > rules.max_payload_bytes
    size = F.concat(F.length("payload"), F.lit(" bytes"))
    no_object = F.coalesce(~F.schema_of_variant("object").startswith("OBJECT"), F.lit(True))
    start = F.decode(F.substring("payload", 1, _SHOWN), "ISO-8859-1")
    missing = [_when("missing_field", ~_given(name), F.lit(name)) for name in _REQUIRED]
    nobody = ~_given("user_id") & ~_given("session_id")
    no_currency = _given("price") & ~_given("currency")
    unknown = _given("event_type") & ~F.coalesce(F.col("field_event_type").isin(*EVENT_TYPES), F.lit(False))
    wrong_kind = [_when("bad_type", _given(name) & ~_right_kind(name), _shown(name)) for name in _FIELDS]
    outside = [_when("out_of_range", _given(name) & condition, _shown(name)) for name, condition in _outside().items()]
    late = F.col("field_event_at") > F.col("arrived_at") + F.expr(f"INTERVAL {rules.future_minutes} MINUTES")
    return [
        _when("too_large", too_large, size),
        _when("not_json", no_object, start),
        *missing,
        _when("missing_field", nobody, F.lit("user_id or session_id")),
        _when("missing_field", no_currency, F.lit("currency")),
        _when("unknown_event_type", unknown, _shown("event_type")),
        *wrong_kind,
        *outside,
        _when("from_the_future", late, _shown("event_at")),
    ]


def _when(reason: str, condition: Column, detail: Column) -> Column:
    return F.when(condition, F.struct(F.lit(reason).alias("reason"), detail.alias("detail")))


def _kind(name: str) -> Column:
    return F.col(f"kind_{name}")


def _as_text(name: str) -> Column:
    return F.col(f"text_{name}")


def _given(name: str) -> Column:
    """Present, not null, and no empty text: an empty string is what forms send for nothing."""
    return _kind(name).isNotNull() & (_kind(name) != "VOID") & ~(_is_text(name) & (_as_text(name) == ""))


def _is_text(name: str) -> Column:
    return _kind(name) == "STRING"


def _is_number(name: str) -> Column:
    return (_kind(name) == "BIGINT") | (_kind(name) == "DOUBLE") | _kind(name).startswith("DECIMAL")


def _real(name: str) -> Column:
    return _as_text(name).try_cast("double")


def _is_whole(name: str) -> Column:
    """A JSON number without a fraction; beyond 2**53 a double has none."""
    return _is_number(name) & (_real(name) % 1 == 0)


def _right_kind(name: str) -> Column:
    if name in _TEXTS:
        return _is_text(name)
    if name == "properties":
        return _kind(name).startswith("OBJECT")
    if name == "event_at":
        return _is_whole(name) | (_is_text(name) & _as_text(name).rlike(_ISO_8601) & _readable_day(name))
    return _is_whole(name) if name == "quantity" else _is_number(name)


def _readable_day(name: str) -> Column:
    """2010-02-30 looks like a day and is none."""
    return _stamp(name).isNotNull()


def _stamp(name: str) -> Column:
    """Spark reads neither a comma before the fraction nor an hour and minute without seconds."""
    with_seconds = F.regexp_replace(F.upper(_as_text(name)), "^(.{16})(?!:)", "$1:00")
    return F.regexp_replace(with_seconds, ",", ".").try_cast("timestamp")


def _outside() -> dict[str, Column]:
    """What is readable and can't be true. A JSON number like 1e999 arrives as infinity."""
    quantity, price, rating = _real("quantity"), _real("price"), _real("rating")
    return {
        "event_at": F.col("field_event_at").isNull()
        | (F.col("field_event_at") < F.lit("1900-01-01").cast("timestamp")),
        "quantity": (quantity < 1) | (quantity > 2**31 - 1) | F.col("field_quantity").isNull(),
        "price": (price < 0) | F.col("field_price").isNull(),
        "rating": (rating < 0) | (rating > 5) | F.col("field_rating").isNull(),
    }


def _text(name: str) -> Column:
    return F.when(_is_text(name) & (_as_text(name) != ""), _as_text(name))


def _number(type_name: str) -> Callable[[str], Column]:
    """Money keeps its digits; a whole number may be written 2.0 or 2e0, which is none to a cast from text."""
    by_way_of = "double" if type_name == INT.spark else type_name
    return lambda name: F.when(_is_number(name), _as_text(name).try_cast(by_way_of).try_cast(type_name))


def _instant(name: str) -> Column:
    """ISO 8601 (without a zone: UTC) or epoch milliseconds; null beyond the year 9999."""
    milliseconds = F.when(_is_whole(name) & (F.abs(_real(name)) < 253_402_300_800_000), _real(name).cast("bigint"))
    epoch = F.timestamp_millis(milliseconds)
    return F.when(_is_text(name), _stamp(name)).otherwise(epoch)


def _properties(name: str) -> Column:
    """The producer's properties, and every key that we do not know, as text; objects seldom have one."""
    nothing = F.create_map().cast("map<string,string>")
    given = F.coalesce(_map(F.col(f"value.{name}"), _kind(name)), nothing)
    known = F.array(*[F.lit(field) for field in _FIELDS])
    more = F.size(F.array_except(F.json_object_keys(F.col("payload").cast("string")), known)) > 0
    whole = F.when(more, _map(F.col("object"), F.lit("OBJECT")))
    others = F.map_filter(whole, lambda key, _: ~key.isin(*_FIELDS) & ~F.map_contains_key(given, key))
    return F.when(_given(name) | more, F.map_concat(given, F.coalesce(others, nothing)))


def _map(variant: Column, kind: Column) -> Column:
    return F.when(kind.startswith("OBJECT"), variant.try_cast("map<string,string>"))


def _shown(name: str) -> Column:
    return F.concat(F.lit(f"{name}: "), F.left(F.to_json(F.col(f"value.{name}")), F.lit(_SHOWN)))
