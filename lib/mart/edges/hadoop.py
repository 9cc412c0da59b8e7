"""Hadoop's file systems, by which Spark reaches whatever lies anywhere; Java objects."""

from typing import Any

from pyspark.sql import SparkSession


def find(spark: SparkSession, address: str) -> tuple[Any, Any]:
    """Find the file system of an address, and the path in it."""
    assert spark._jvm is not None
    path = spark._jvm.org.apache.hadoop.fs.Path(address)
    return path.getFileSystem(spark._jsc.hadoopConfiguration()), path
