"""AWS Secrets Manager: a secret as a file that only we can read, for clients that want a file.

In: a secret's name or ARN, its value a text (a private key in PEM form). Out: the file's path.
"""

import os
import tempfile
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Settings


class NoSecret(RuntimeError):
    """The secret can't be had; the message says why."""


def file(settings: Settings, secret: str) -> Path:
    """Write a secret to a new temporary file with mode 0600. Raises NoSecret."""
    at = settings.aws
    client = boto3.client("secretsmanager", region_name=at.region, endpoint_url=at.endpoint_url or None)
    try:
        value = client.get_secret_value(SecretId=secret).get("SecretString")
    except (BotoCoreError, ClientError) as error:
        raise NoSecret(f"Secrets Manager: {secret}: {error}") from None
    if not value:
        raise NoSecret(f"Secrets Manager: {secret} holds no text; store the private key in PEM form as its text")
    handle, name = tempfile.mkstemp(prefix="mart-", suffix=".pem")  # made with mode 0600
    with os.fdopen(handle, "w") as out:
        out.write(value)
    return Path(name)
