"""The catalogue: of what the inbox says about a product, the newest is true.

In: lines of landing/inbox/products (file, payload). Out: processed.products, and the lines that can't be used.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.tables import PRODUCTS


def parse(lines: DataFrame) -> DataFrame:
    """Read each line; `fault` says what is wrong with it, null for a good one."""
    text = F.when(F.is_valid_utf8(F.col("payload").cast("string")), F.col("payload").cast("string"))
    said = lines.withColumn("said", F.try_parse_json(text))
    read = said.withColumns({c.name: _value(c.name, c.type.spark) for c in PRODUCTS.columns})
    unreadable = [_unreadable(c.name) for c in PRODUCTS.columns]
    fault = F.coalesce(
        F.when(~F.coalesce(F.schema_of_variant("said").startswith("OBJECT"), F.lit(False)), F.lit("not_json")),
        *unreadable,
        F.when(F.coalesce("product_id", F.lit("")) == "", F.lit("missing_field: product_id")),
        F.when(F.col("price") < 0, F.lit("out_of_range: price")),
    )
    return read.select("file", "payload", *PRODUCTS.names, fault.alias("fault"))


def newest(products: DataFrame) -> DataFrame:
    """Keep the newest state of each product; of two of one instant the greater, so that order does not matter."""
    others = [F.col(c).desc_nulls_last() for c in PRODUCTS.names if c not in ("product_id", "updated_at")]
    newest_first = Window.partitionBy("product_id").orderBy(F.col("updated_at").desc_nulls_last(), *others)
    ranked = products.withColumn("place", F.row_number().over(newest_first))
    return ranked.where(F.col("place") == 1).select(*PRODUCTS.names)


def _raw(name: str) -> Column:
    return F.try_variant_get("said", f"$.{name}", "string")


def _value(name: str, type_name: str) -> Column:
    return _raw(name).try_cast(type_name)


def _unreadable(name: str) -> Column:
    return F.when(_raw(name).isNotNull() & F.col(name).isNull(), F.lit(f"bad_type: {name}"))
