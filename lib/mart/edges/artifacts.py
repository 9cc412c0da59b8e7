"""The bucket of artifacts: small texts that jobs read at their start.

In: a bucket, a key, a text. Out: its address. One that is there already as it should be is not written again.
"""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws


class ArtifactError(RuntimeError):
    """A text could not be put there; the message says why."""


def put(bucket: str, key: str, text: str, aws: Aws) -> str:
    """Put a text into a bucket, where another one or none is there. Raises ArtifactError."""
    client: Any = boto3.client("s3", region_name=aws.region, endpoint_url=aws.endpoint_url or None)
    address, body = f"s3://{bucket}/{key}", text.encode()
    try:
        there = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        if not there or client.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
            client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/toml")
    except (BotoCoreError, ClientError) as error:
        raise ArtifactError(f"{address}: {error}; check the rights to the bucket") from None
    return address
