"""A settings file as text, from this machine or from S3.

A driver on EMR, EMR Serverless or Glue has no file of ours, and each has another way to be given one; all of them reach
S3. So a job reads its settings there itself, with the machine's credentials and the endpoint that the AWS SDK is told.
"""

from pathlib import Path
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """Settings that can't be used; the message says which key and where."""


def text(place: str | Path) -> str:
    """Read a file, or an object as s3://BUCKET/KEY. Raises SettingsError."""
    return _object(place) if isinstance(place, str) and place.startswith("s3://") else _file(Path(place))


def _file(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        raise SettingsError(f"no settings file {path}") from None


def _object(address: str) -> str:
    import boto3  # here, for it is slow to start and most settings are files
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    at = urlsplit(address)
    try:
        body: bytes = boto3.client("s3").get_object(Bucket=at.netloc, Key=at.path.removeprefix("/"))["Body"].read()
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise SettingsError(f"{address}: {error}; put the settings there, and let this role read them") from None
    return body.decode()
