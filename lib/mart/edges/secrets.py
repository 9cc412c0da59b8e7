"""AWS Secrets Manager, where what nobody may read lies.

In: a secret's name or ARN. Out: its text, which goes into no file and no log.
"""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws


class NoSecret(RuntimeError):
    """The secret can't be had; the message says why."""


def read(aws: Aws, secret: str) -> str:
    """Read a secret's text. Raises NoSecret."""
    client = boto3.client("secretsmanager", region_name=aws.region, endpoint_url=aws.endpoint_url or None)
    try:
        value = client.get_secret_value(SecretId=secret).get("SecretString")
    except (BotoCoreError, ClientError) as error:
        raise NoSecret(f"Secrets Manager: {secret}: {error}") from None
    if not value:
        raise NoSecret(f"Secrets Manager: {secret} holds no text")
    return str(value)
