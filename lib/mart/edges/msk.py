"""Amazon MSK: the addresses of a cluster's brokers, which CloudFormation does not know.

In: the cluster's ARN. Out: host:port,host:port of the listeners that clients inside the network use without signing in.
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
    found: str = answer.get("BootstrapBrokerString", "")
    if not found:
        raise NoBrokers(f"MSK: {cluster} has no listener without signing in; streams.yaml asks for one")
    return found
