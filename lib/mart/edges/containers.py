"""AWS ECS: a container task that crawls a shop whose pages need a browser, for which a Lambda function is too small.

In: the place of the settings, a shop. Out: the task's ARN. The task runs jobs/streaming/scrape_lambda.py as a program.
"""

from typing import Any

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws, Container


class ContainerError(AwsError):
    """No task was started; the message says what to do."""


def start(container: Container, at: Aws, command: list[str], token: str) -> str:
    """Start a task with a command, once for a token. Raises AwsError."""
    if not (container.cluster and container.task_definition and container.subnets):
        raise ContainerError(
            "its pages need a browser: set container.cluster, container.task_definition and container.subnets"
        )
    try:
        answer = aws.ask(aws.client("ecs", at), "run_task", **_task(container, command, token))
    except AwsError as error:
        raise ContainerError(f"{error}; check container.* too", error.code) from None
    if faults := answer.get("failures"):
        raise ContainerError(f"ECS: {faults[0].get('reason')} ({faults[0].get('arn')}): no task was started")
    return str(answer["tasks"][0]["taskArn"])


def _task(container: Container, command: list[str], token: str) -> dict[str, Any]:
    network = {
        "subnets": list(container.subnets),
        "securityGroups": list(container.security_groups),
        "assignPublicIp": "ENABLED" if container.public_ip else "DISABLED",
    }
    return {
        "cluster": container.cluster,
        "taskDefinition": container.task_definition,
        "launchType": "FARGATE",
        "count": 1,
        "clientToken": token,
        "networkConfiguration": {"awsvpcConfiguration": network},
        "overrides": {"containerOverrides": [{"name": container.name, "command": command}]},
    }
