"""A lake in a bucket of the AWS emulator, in place of one on the disk."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from pyspark.sql import SparkSession

from mart import job
from mart.local import CLONE, services
from mart.settings import Settings

JARS = CLONE / ".jars" / "s3"

# Java and Spark's Python workers have the environment that they were started with, maybe by a test before.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")


@contextmanager
def moved(settings: Settings, services_home: Path) -> Iterator[Settings]:
    """Put a home's lake into a new bucket, for whoever reads the home's settings; skips where Spark has no s3a://."""
    if not list(JARS.glob("hadoop-aws-*.jar")):
        pytest.skip("Spark has no jars for s3a:// (630 MB): run `make jars-s3`")
    [status] = services.up(services_home, ["aws"])
    assert status.state == "up", status.detail
    aws, bucket = Settings.read(home=services_home).aws, f"lake-{uuid.uuid4().hex[:8]}"
    s3 = boto3.resource("s3", region_name=aws.region, endpoint_url=aws.endpoint_url)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    lake = f"s3a://{bucket}/lake"
    told = f'lake = "{lake}"\n[aws]\nendpoint_url = "{aws.endpoint_url}"\nregion = "{aws.region}"\n'
    (settings.home / "services.toml").write_text(told)
    yield settings.model_copy(update={"lake": lake, "checkpoints": f"{lake}/_checkpoints", "aws": aws})
    s3.Bucket(bucket).objects.delete()
    s3.Bucket(bucket).delete()


def reaching(spark: SparkSession, settings: Settings) -> SparkSession:
    """Give a session of its own that reaches the lake of these settings; others go on as they are."""
    session = spark.newSession()
    job.reach(session, settings)
    return session
