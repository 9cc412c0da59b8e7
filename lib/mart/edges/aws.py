"""A client of one AWS service, and one way to tell what it answers when it refuses.

In: the place of the settings. Out: answers as boto3 gives them. An S3 address is s3://BUCKET/KEY.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from mart.settings import Aws

T = TypeVar("T")

TRIES = 6
PASSING = {  # what is over in a moment, by the services' names
    "InternalFailure", "KMSThrottlingException", "LimitExceededException", "ProvisionedThroughputExceededException",
    "ServiceUnavailable", "ThrottlingException",
}  # fmt: skip
NAMES = ("Bucket", "Name", "Id", "Arn")  # ends of the arguments that name a thing; others may be long, or secret


class AwsError(RuntimeError):
    """A service did not do what was asked; the message says why, and `code` is its own word for it, if it gave one."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


def client(service: str, aws: Aws, tries: int = TRIES, timeouts: tuple[float, float] = (60, 60)) -> BaseClient:
    """Make a client of a service, which tries again what failed in passing; it waits so long to connect and to hear [seconds]."""
    to_connect, to_hear = timeouts
    again: Any = {"mode": "standard", "total_max_attempts": tries}
    patience = Config(retries=again, connect_timeout=to_connect, read_timeout=to_hear)
    # boto3 is typed by the names of services, which here is a variable.
    make: Any = boto3.client
    made: BaseClient = make(service, region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience)
    return made


def ask(client: BaseClient, operation: str, **call: object) -> dict[str, Any]:
    """Call an operation by boto3's name of it. Raises AwsError."""
    with _told(client, operation, call):
        answer: dict[str, Any] = getattr(client, operation)(**call)
    return answer


def pages(client: BaseClient, operation: str, *keys: str, **call: object) -> Iterator[Any]:
    """List what all pages of an answer have under some keys. Raises AwsError."""
    with _told(client, operation, call):
        for page in client.get_paginator(operation).paginate(**call):
            for key in keys:
                yield from page.get(key, [])


def lots(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut things into lots as large as a call takes."""
    left = iter(things)
    while lot := list(islice(left, size)):
        yield lot


@contextmanager
def _told(client: BaseClient, operation: str, call: dict[str, object]) -> Iterator[None]:
    """Turn what boto3 raises into one line: of which service what was asked, of which thing, and the answer."""
    names = [str(value) for key, value in call.items() if key == "Key" or key.endswith(NAMES)]
    asked = f"{client.meta.service_model.service_id}: {operation} {'/'.join(names)}".rstrip()
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code"))
        raise AwsError(f"{asked}: {code}: {' '.join(str(said.get('Message')).split())}", code) from None
    except ResponseParserError:
        raise AwsError(f"{asked}: answered as AWS does not; check aws.endpoint_url and AWS_ENDPOINT_URL") from None
    except (BotoCoreError, Boto3Error) as error:
        raise AwsError(f"{asked}: {error}; check the credentials and the aws settings") from None


def bucket_and_key(address: str) -> tuple[str, str]:
    """Take an S3 address apart. Raises AwsError for what is none."""
    at = urlsplit(address)
    if at.scheme != "s3" or not at.netloc:
        raise AwsError(f"{address!r} is no address in S3, as in s3://BUCKET/RELEASE")
    return at.netloc, at.path.strip("/")
