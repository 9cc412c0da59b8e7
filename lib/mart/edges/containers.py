"""AWS ECS: a container task that crawls a shop whose pages need a browser, for which a Lambda function is too small.

In: the place of the settings, a shop. Out: the task's ARN. The task runs jobs/streaming/scrape_lambda.py as a program.
"""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws, Container


class ContainerError(RuntimeError):
    """No task was started; the message says what to do."""


def start(container: Container, aws: Aws, command: list[str], token: str) -> str:
    """Start a task with a command, once for a token. Raises ContainerError."""
    if not (container.cluster and container.task_definition and container.subnets):
        raise ContainerError(
            "its pages need a browser: set container.cluster, container.task_definition and container.subnets"
        )
    patience = Config(retries={"mode": "standard", "total_max_attempts": 5})
    client = boto3.client("ecs", region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience)
    try:
        answer: dict[str, Any] = client.run_task(**_task(container, command, token))
    except ClientError as error:
        said = error.response.get("Error", {})
        raise ContainerError(
            f"ECS: {said.get('Code')}: {said.get('Message')}; check container.* and the rights"
        ) from None
    except BotoCoreError as error:
        raise ContainerError(f"ECS: {error}; check the credentials and the aws settings") from None
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
