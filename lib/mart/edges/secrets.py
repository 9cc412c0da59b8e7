"""AWS Secrets Manager, where what nobody may read lies.

In: a secret's name or ARN. Out: its text, which goes into no file and no log.
"""

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws


def read(at: Aws, secret: str) -> str:
    """Read a secret's text. Raises AwsError."""
    value = aws.ask(aws.client("secretsmanager", at), "get_secret_value", SecretId=secret).get("SecretString")
    if not value:
        raise AwsError(f"Secrets Manager: {secret} holds no text")
    return str(value)
