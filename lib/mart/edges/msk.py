"""Amazon MSK: the addresses of a cluster's brokers, which CloudFormation does not know.

In: the cluster's ARN. Out: iam://host:port,host:port, the listeners where clients sign in by IAM (edges/doors).
"""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws


class NoBrokers(RuntimeError):
    """The addresses can't be had; the message says why."""


def brokers(cluster: str, aws: Aws) -> str:
    """Ask for a cluster's brokers. Raises NoBrokers."""
    client = boto3.client("kafka", region_name=aws.region, endpoint_url=aws.endpoint_url or None)
    try:
        answer = client.get_bootstrap_brokers(ClusterArn=cluster)
    except (BotoCoreError, ClientError) as error:
        raise NoBrokers(f"MSK: {cluster}: {error}") from None
    found: str = answer.get("BootstrapBrokerStringSaslIam", "")
    if not found:
        raise NoBrokers(f"MSK: {cluster} has no listener that signs in by IAM; streams.yaml asks for one")
    return f"iam://{found}"
