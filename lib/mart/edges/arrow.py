"""Declared types as Arrow has them."""

import re

import pyarrow as pa

from mart.schema import BINARY, BOOLEAN, DATE, DOUBLE, FLOATS, INT, LONG, PROPERTIES, STRING, TIMESTAMP, Table, Type

_ARROW = {
    STRING: pa.string(),
    LONG: pa.int64(),
    INT: pa.int32(),
    DOUBLE: pa.float64(),
    BOOLEAN: pa.bool_(),
    TIMESTAMP: pa.timestamp("us", tz="UTC"),
    DATE: pa.date32(),
    BINARY: pa.binary(),
    FLOATS: pa.list_(pa.float32()),
    PROPERTIES: pa.map_(pa.string(), pa.string()),
}


def of(declared: Type) -> pa.DataType:
    """Give the Arrow type of a declared one."""
    if found := _ARROW.get(declared):
        return found
    precision, scale = re.findall(r"\d+", declared.spark)
    return pa.decimal128(int(precision), int(scale))


def schema(table: Table) -> pa.Schema:
    """Give a table's columns, the key's required, each with what it means as its comment."""
    return pa.schema(
        [
            pa.field(column.name, of(column.type), column.name not in table.key, {"comment": column.doc})
            for column in table.columns
        ]
    )
