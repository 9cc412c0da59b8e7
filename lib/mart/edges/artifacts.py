"""The bucket of artifacts: small texts that jobs read at their start.

In: a bucket, a key, a text. Out: its address. One that is there already as it should be is not written again.
"""

from mart.edges.objects import Objects
from mart.settings import Aws


def put(bucket: str, key: str, text: str, at: Aws) -> str:
    """Put a text into a bucket, where another one or none is there. Raises AwsError."""
    objects, address = Objects(at), f"s3://{bucket}/{key}"
    if objects.read(address) != text.encode():
        objects.write(address, text.encode())
    return address
