"""Amazon MSK: the addresses of a cluster's brokers, which CloudFormation does not know.

In: the cluster's ARN. Out: iam://host:port,host:port, the listeners where clients sign in by IAM (edges/doors).
"""

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws


def brokers(cluster: str, at: Aws) -> str:
    """Ask for a cluster's brokers. Raises AwsError."""
    answer = aws.ask(aws.client("kafka", at), "get_bootstrap_brokers", ClusterArn=cluster)
    found: str = answer.get("BootstrapBrokerStringSaslIam", "")
    if not found:
        raise AwsError(f"MSK: {cluster} has no listener that signs in by IAM; streams.yaml asks for one")
    return f"iam://{found}"
