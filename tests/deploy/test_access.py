"""Least privilege: what each role may do is what its code asks of AWS, both held against one table."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mart.deploying import templates

LIB = Path(__file__).parents[2] / "lib" / "mart"
ALL = templates.read_all()
READ_LAKE = {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"}
READ_STREAM = {"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_KAFKA = {f"kafka-cluster:{what}" for what in ("Connect", "DescribeTopic", "ReadData", "DescribeGroup")}
WRITE_KAFKA = {f"kafka-cluster:{what}" for what in ("Connect", "DescribeTopic", "WriteData", "WriteDataIdempotently")}
IN_THE_NETWORK = LOG | {
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
}  # fmt: skip
CRAWL_MEMORY = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}

# Who may do what. Comments name the code that asks for it.
MAY = {
    # Delta and Spark on s3a; edges/shards.py, edges/kinesis.py; edges/feeds.py, groups.py, kafka.py; edges/secrets.py;
    # Glue's own logs
    "JobsRole": READ_LAKE | READ_STREAM | LOG | READ_KAFKA | WRITE_KAFKA | {"kafka-cluster:AlterGroup"}
    | {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "secretsmanager:GetSecretValue"}
    | {"logs:CreateLogGroup"},
    "ClusterRole": {"iam:PassRole"},  # besides EMR's own policy
    "CrawlerRole": READ_LAKE | LOG | {"logs:CreateLogGroup", "secretsmanager:GetSecretValue"}
    | {f"glue:{what}" for what in (
        "GetDatabase", "GetTable", "GetTables", "CreateTable", "UpdateTable", "GetConnection", "GetPartition",
        "GetPartitions", "BatchGetPartition", "BatchCreatePartition", "BatchUpdatePartition",
    )},
    # staging/function.py; what Lambda asks in its name to read a topic of MSK
    "OffersRole": IN_THE_NETWORK | {"secretsmanager:GetSecretValue", "sqs:SendMessage"}
    | {"kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"}
    | READ_KAFKA | {"kafka-cluster:AlterGroup"},
    # edges/crawl_state.py, edges/containers.py, edges/producing.py
    "ScrapeRole": IN_THE_NETWORK | CRAWL_MEMORY | WRITE_KAFKA | {"sqs:SendMessage", "ecs:RunTask", "iam:PassRole"},
    "CrawlRole": CRAWL_MEMORY | WRITE_KAFKA | {"kafka-cluster:CreateTopic"},  # also mart topics
    "StarterRole": LOG | {"secretsmanager:GetSecretValue", "ecr:GetAuthorizationToken"}
    | {f"ecr:{what}" for what in ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")},
    "ApiRole": READ_LAKE | READ_STREAM | {"kinesis:PutRecords"},  # edges/kinesis.py, edges/shards.py, edges/delta.py
    "DashboardRole": READ_LAKE,
    # edges/cloudwatch.py, edges/alerts/sns.py, watch/memory.py, edges/secrets.py, edges/groups.py; the topic's key
    "WatchRole": READ_LAKE | READ_STREAM | READ_KAFKA
    | {"secretsmanager:GetSecretValue", "s3:PutObject", "cloudwatch:PutMetricData", "sns:Publish", "kms:Decrypt", "kms:GenerateDataKey"},
    "ModelsRole": CRAWL_MEMORY | {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"},  # MLflow's store
    # mart submit
    "JobsStarter": {"s3:GetObject", "emr-serverless:StartJobRun", "emr-serverless:GetJobRun", "iam:PassRole"},
    "Role": {"ecs:RunTask", "iam:PassRole", "sqs:SendMessage"},  # of the schedules
}  # fmt: skip

# An edge, the role under which it runs, and the service that it asks by boto3.
ASKS = {
    "edges/shards.py": ("kinesis", ("JobsRole", "ApiRole", "WatchRole")),
    "edges/kinesis.py": ("kinesis", ("ApiRole",)),
    "edges/crawl_state.py": ("s3", ("ScrapeRole", "CrawlRole")),
    "edges/containers.py": ("ecs", ("ScrapeRole",)),
    "edges/secrets.py": ("secretsmanager", ("OffersRole", "JobsRole", "WatchRole")),
}
OPERATION = {"_ask": 0, "ask": 1, "pages": 1}  # which of the arguments names it


def statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from document["Statement"]


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """List every statement of every policy that gives rights to a role, with the role or policy it is of."""
    for template in ALL:
        for name, one in template.resources.items():
            given = one.get("Properties", {})
            if one["Type"] == "AWS::IAM::Role":
                yield from (
                    (name, s) for policy in given.get("Policies", []) for s in statements(policy["PolicyDocument"])
                )
            elif one["Type"] == "AWS::IAM::ManagedPolicy":
                yield from ((name, s) for s in statements(given["PolicyDocument"]))


def listed(value: Any) -> list[Any]:  # noqa: ANN401 a value or a list of them, as IAM has it
    return value if isinstance(value, list) else [value]


def rights() -> dict[str, set[str]]:
    """Gather each role's actions, with those of the policies that it shares."""
    own: dict[str, set[str]] = {}
    for name, statement in policies():
        own.setdefault(name, set()).update(listed(statement["Action"]))
    found: dict[str, set[str]] = {}
    for template in ALL:
        for name, one in template.resources.items():
            if one["Type"] == "AWS::IAM::Role":
                arns = one["Properties"].get("ManagedPolicyArns", [])
                arns = [arn["Fn::If"][1] if "Fn::If" in arn else arn for arn in arns]
                shared = [arn["Ref"] for arn in arns if "Ref" in arn]
                found[name] = own.get(name, set()).union(*(own[policy] for policy in shared))
    return found


def test_each_role_may_do_what_the_table_says_and_nothing_else() -> None:
    assert rights() == MAY


def test_no_action_has_a_star_and_a_resource_has_one_only_where_aws_knows_no_narrower() -> None:
    for name, statement in policies():
        assert not [action for action in listed(statement["Action"]) if "*" in action], name
        if "*" in listed(statement["Resource"]):
            asked = ("ec2:", "ecr:GetAuthorizationToken", "cloudwatch:PutMetricData")
            assert all(action.startswith(asked) for action in listed(statement["Action"])), name
        assert statement["Effect"] == "Allow"
        assert statement["Sid"], name


def test_a_role_is_passed_on_to_one_service_only() -> None:
    passed = [(name, one) for name, one in policies() if "iam:PassRole" in listed(one["Action"])]
    assert len(passed) == 4
    for name, statement in passed:
        assert statement["Condition"]["StringEquals"]["iam:PassedToService"], name
        assert "*" not in listed(statement["Resource"]), name


@pytest.mark.parametrize("edge", ASKS)
def test_what_an_edge_asks_its_roles_may(edge: str) -> None:
    service, roles = ASKS[edge]
    asked = set(calls(LIB / edge))
    assert asked, "the edge's calls were found"
    for role in roles:
        actions = {action.partition(":")[2] for action in rights()[role] if action.startswith(f"{service}:")}
        assert {_action(call) for call in asked} <= actions, role


def calls(file: Path) -> Iterator[str]:
    """List what an edge asks of AWS: operations that it names to edges/aws.py, or to an `_ask` of its own."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in OPERATION and isinstance(named := node.args[OPERATION[node.func.attr]], ast.Constant):
            yield str(named.value)


def _action(call: str) -> str:
    return "".join(word.capitalize() for word in call.split("_"))
