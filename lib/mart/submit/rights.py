"""What the role of our jobs must be allowed, by resource, and what IAM says that it is not.

In: settings. Out: actions by ARN. A lake on this machine's disk and a stream that is not used ask for nothing.
"""

from botocore.client import BaseClient

from mart.edges import aws
from mart.edges.aws import bucket_and_key
from mart.settings import Settings

READ = ("s3:GetObject",)
WRITE = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
STREAM = ("kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords")
SECRET = ("secretsmanager:GetSecretValue",)


def wanted(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Say what jobs do, and on what."""
    asked: dict[str, tuple[str, ...]] = {}
    for address, actions in ((settings.submit.release, READ), (settings.lake, WRITE), (settings.checkpoints, WRITE)):
        if address.startswith(("s3://", "s3a://")):
            bucket, key = bucket_and_key(address.replace("s3a://", "s3://"))
            asked[f"arn:aws:s3:::{bucket}/{key}/*"] = actions
            asked[f"arn:aws:s3:::{bucket}"] = ("s3:ListBucket",)
    if settings.kinesis.activity:
        account = settings.submit.role.split(":")[4]
        asked[f"arn:aws:kinesis:{settings.aws.region}:{account}:stream/{settings.kinesis.activity}"] = STREAM
    if (secret := settings.snowflake.private_key_secret).startswith("arn:"):
        asked[secret] = SECRET
    return asked


def lacking(client: BaseClient, role: str, resource: str, actions: tuple[str, ...]) -> list[str]:
    """Ask IAM which actions a role may not do on a resource. Raises AwsError where it may not be asked."""
    call = {"PolicySourceArn": role, "ActionNames": list(actions), "ResourceArns": [resource]}
    answer = aws.ask(client, "simulate_principal_policy", **call)
    return [one["EvalActionName"] for one in answer["EvaluationResults"] if one["EvalDecision"] != "allowed"]
