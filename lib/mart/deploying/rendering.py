"""The settings that jobs on AWS are run with, made of what the stacks give and were told.

In: outputs and parameters by name, all stacks together. Out: TOML as `mart.settings` reads it. Secrets are named,
never read.
"""

import json
from collections.abc import Iterator
from string import Formatter
from typing import Any

from mart.deploying import deploy
from mart.deploying.environment import Environment
from mart.deploying.templates import ORDER
from mart.edges.cloudformation import CloudFormation

# A key of the settings, and what it is made of. A line that lacks something is left out: its stack does not stand.
SETTINGS = {
    "lake": "s3a://{LakeBucket}/lake",
    "aws.region": "{Region}",
    "kafka.brokers": "{KafkaBrokers}",
    "kinesis.activity": "{ActivityStream}",
    "mlflow.tracking_uri": "http://{InsideDoor}:5000",
    "scraping.state": "s3://{ArtifactsBucket}/crawls",
    "snowflake.account": "{SnowflakeAccount}",
    "snowflake.user": "{SnowflakeUser}",
    "snowflake.role": "{SnowflakeRole}",
    "snowflake.warehouse": "{SnowflakeWarehouse}",
    "snowflake.database": "{SnowflakeDatabase}",
    "snowflake.private_key_secret": "{SnowflakeKey}",
    "glue.database": "{GlueDatabaseName}",
    "glue.crawler_role": "{CrawlerRole}",
    "glue.snowflake_secret": "{SnowflakeReader}",
    "container.cluster": "{ClusterArn}",
    "container.task_definition": "{CrawlTask}",
    "container.subnets": "{PrivateSubnets}",
    "container.security_groups": "{PlatformGroup}",
    "submit.release": "s3://{ArtifactsBucket}/releases/{Release}",
    "submit.cluster": "{ClusterId}",
    "submit.application": "{Application}",
    "submit.role": "{JobsRole}",
    "submit.logs": "s3://{ScratchBucket}/logs/emr-serverless/",
    "alerts.sns.topic_arn": "{AlertsTopic}",
    "watch.namespace": "{Name}",
}
LISTS = {"container.subnets", "container.security_groups"}


def facts(environment: Environment, cloud: CloudFormation, brokers: deploy.Brokers) -> dict[str, str]:
    """Gather what the standing stacks were told and give. Raises AwsError."""
    stacks = [there for name in ORDER if (there := cloud.find(environment.stack(name)))]
    told = {name: value for there in stacks for name, value in there.parameters.items() if value}
    given = {name: value for there in stacks for name, value in deploy.given(there, brokers).items()}
    return {"Region": environment.region} | told | given


def text(environment: Environment, known: dict[str, str]) -> str:
    """Write the settings of an environment whose facts are known."""
    return toml(document(known, environment.settings))


def document(known: dict[str, str], besides: dict[str, Any]) -> dict[str, Any]:
    """Make settings of facts; what the environment says besides has the last word."""
    made: dict[str, Any] = {}
    for key, pattern in SETTINGS.items():
        if all(known.get(name) for _, name, _, _ in Formatter().parse(pattern) if name):
            value = pattern.format_map(known)
            _put(made, key, value.split(",") if key in LISTS else value)
    return _laid(made, besides)


def toml(settings: dict[str, Any], above: str = "") -> str:
    """Spell settings as TOML, which shares JSON's way of quoting."""
    return "\n".join(_lines(settings, above)).strip() + "\n"


def _lines(settings: dict[str, Any], above: str) -> Iterator[str]:
    tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
    plain = settings.keys() - tables.keys()
    if plain and above:
        yield f"\n[{above}]"
    yield from (f"{key} = {json.dumps(settings[key])}" for key in settings if key in plain)
    for key, table in tables.items():
        yield from _lines(table, f"{above}.{key}" if above else key)


def _put(made: dict[str, Any], key: str, value: str | list[str]) -> None:
    *sections, last = key.split(".")
    for section in sections:
        made = made.setdefault(section, {})
    made[last] = value


def _laid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key for key in below.keys() & above.keys() if isinstance(below[key], dict)}
    return below | above | {key: _laid(below[key], above[key]) for key in both}
