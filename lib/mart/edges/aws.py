"""A client of one AWS service, and one way to tell what it answers when it refuses.

In: the place of the settings. Out: answers as boto3 gives them. An S3 address is s3://BUCKET/KEY.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from mart.settings import Aws

TRIES = 6


class AwsError(RuntimeError):
    """A service did not do what was asked; the message says why, and `code` is its own word for it, if it gave one."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


def client(service: str, aws: Aws, tries: int = TRIES) -> BaseClient:
    """Make a client of a service, which tries again what failed in passing."""
    patience = Config(retries={"mode": "standard", "total_max_attempts": tries})
    # boto3 is typed by the names of services, which here is a variable.
    make: Any = boto3.client
    made: BaseClient = make(service, region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience)
    return made


def ask(client: BaseClient, operation: str, **call: object) -> dict[str, Any]:
    """Call an operation by boto3's name of it. Raises AwsError."""
    with _told(client, operation):
        answer: dict[str, Any] = getattr(client, operation)(**call)
    return answer


def pages(client: BaseClient, operation: str, key: str, **call: object) -> Iterator[dict[str, Any]]:
    """List what all pages of an answer have under a key. Raises AwsError."""
    with _told(client, operation):
        for page in client.get_paginator(operation).paginate(**call):
            yield from page.get(key, [])


@contextmanager
def _told(client: BaseClient, operation: str) -> Iterator[None]:
    asked = f"{client.meta.service_model.service_name}: {operation}"
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code"))
        raise AwsError(f"{asked}: {code}: {said.get('Message')}", code) from None
    except ResponseParserError:
        raise AwsError(f"{asked}: answered as AWS does not; check aws.endpoint_url") from None
    except (BotoCoreError, Boto3Error) as error:
        raise AwsError(f"{asked}: {error}; check the credentials and the aws settings") from None


def bucket_and_key(address: str) -> tuple[str, str]:
    """Take an S3 address apart. Raises AwsError for what is none."""
    at = urlsplit(address)
    if at.scheme != "s3" or not at.netloc:
        raise AwsError(f"{address!r} is no address in S3, as in s3://BUCKET/RELEASE")
    return at.netloc, at.path.strip("/")
