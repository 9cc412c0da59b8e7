"""Objects in S3, one at a time: read, put, list, and the end of a log.

In: addresses s3://BUCKET/KEY. Out: bytes, or nothing where there is no such object.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

from mart.edges import aws
from mart.edges.aws import AwsError, bucket_and_key
from mart.settings import Aws

GONE = ("NoSuchKey", "NoSuchBucket", "404")


class Objects:
    """S3 as an account sees it."""

    def __init__(self, at: Aws) -> None:
        self._s3 = aws.client("s3", at)

    def read(self, address: str) -> bytes | None:
        """Read an object; None where there is none. Raises AwsError."""
        bucket, key = bucket_and_key(address)
        try:
            answer = aws.ask(self._s3, "get_object", Bucket=bucket, Key=key)
        except AwsError as error:
            if error.code in GONE:
                return None
            raise
        content: bytes = answer["Body"].read()
        return content

    def write(self, address: str, content: bytes) -> None:
        """Write an object, be there one or none. Raises AwsError."""
        bucket, key = bucket_and_key(address)
        aws.ask(self._s3, "put_object", Bucket=bucket, Key=key, Body=content)

    def put(self, file: Path, address: str, progress: Callable[[int], None]) -> None:
        """Upload a file, in parts where it is large; progress is told of bytes. Raises AwsError."""
        bucket, key = bucket_and_key(address)
        aws.ask(self._s3, "upload_file", Filename=str(file), Bucket=bucket, Key=key, Callback=progress)

    def sizes(self, prefix: str) -> dict[str, int]:
        """List the objects below a prefix, by what follows it. Raises AwsError."""
        bucket, key = bucket_and_key(prefix)
        found = aws.pages(self._s3, "list_objects_v2", "Contents", Bucket=bucket, Prefix=f"{key}/")
        return {one["Key"].removeprefix(f"{key}/"): one["Size"] for one in found}

    def log(self, address: str) -> Iterator[str]:
        """Read the lines of a log that may be packed, or not be there. Raises AwsError."""
        content = self.read(address) or b""
        text = gzip.decompress(content) if address.endswith(".gz") and content else content
        yield from text.decode(errors="replace").splitlines()
