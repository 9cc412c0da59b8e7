"""A declaration as the AWS Glue Data Catalog knows it: dictionaries of its API, nothing else.

Each Delta table is registered twice. The native table is for Athena, EMR and Glue jobs, which read Delta's own log and need
the location above all. The Spectrum table is for Redshift, which reads the files that symlink manifests name.
"""

from typing import Any

from mart.schema import Column, Table

LONGEST_COMMENT = 255  # bytes
SYMLINKS = "_symlink_format_manifest"  # below the table, by Delta's convention
NOBODY = "__HIVE_DEFAULT_PARTITION__"  # the partition of null

Definition = dict[str, Any]


def name(table: Table) -> str:
    """Name the native table: one Glue database holds every layer."""
    return f"{table.layer}_{table.name}"


def spectrum_name(table: Table) -> str:
    """Name the table that Redshift Spectrum reads."""
    return f"{name(table)}_spectrum"


def delta_table(table: Table, location: str) -> Definition:
    """Define the native Delta table. Spark finds it by `path`, Athena by the location."""
    parameters = {"table_type": "DELTA", "spark.sql.sources.provider": "delta", "classification": "delta"}
    storage = {
        "Columns": _columns(table),
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"serialization.format": "1", "path": location},
        },
    }
    return _external(name(table), table, storage, parameters)


def spectrum_table(table: Table, location: str) -> Definition:
    """Define the table over the manifests of the Delta table at `location`."""
    return _external(spectrum_name(table), table, _symlinks(table, f"{location}/{SYMLINKS}"), {})


def spectrum_partition(table: Table, location: str, folder: str, values: tuple[str | None, ...]) -> Definition:
    """Define one partition of the Spectrum table: its manifest lies in `folder` below the manifests."""
    place = f"{location}/{SYMLINKS}/{folder}"
    return {
        "Values": [NOBODY if value is None else value for value in values],
        "StorageDescriptor": _symlinks(table, place),
    }


def _symlinks(table: Table, location: str) -> Definition:
    return {
        "Columns": _columns(table),
        "Location": location,
        "InputFormat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }


def _external(called: str, table: Table, storage: Definition, parameters: dict[str, str]) -> Definition:
    return {
        "Name": called,
        "Description": table.doc,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **parameters},
        "StorageDescriptor": storage,
        "PartitionKeys": [_column(table.column(name)) for name in table.partition],
    }


def _columns(table: Table) -> list[Definition]:
    return [_column(column) for column in table.columns if column.name not in table.partition]


def _column(column: Column) -> Definition:
    """Spell a column as Hive does: Spark's names of types in lower case."""
    return {"Name": column.name, "Type": column.type.spark.lower(), "Comment": _short(column.doc)}


def _short(text: str) -> str:
    whole = text.encode()
    return text if len(whole) <= LONGEST_COMMENT else whole[: LONGEST_COMMENT - 3].decode(errors="ignore") + "…"
