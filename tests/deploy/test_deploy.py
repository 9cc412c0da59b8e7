"""Stacks in an AWS of our own (moto): made, left alone, changed, shown and removed; modelled.py says what moto lacks."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.deploying import deploy, rendering, templates
from mart.deploying.deploy import NotReady, Step
from mart.deploying.environment import BadEnvironment, Environment
from mart.deploying.templates import Template
from mart.edges.aws import AwsError
from mart.edges.cloudformation import CloudFormation, Wanted
from mart.edges.remains import Remains
from mart.settings import Aws, Settings
from tests.deploy.modelled import NOT_MODELLED, NOT_OF_KAFKA, NOT_REMOVED, modelled, reduced

LAKE = "mart-test-lake-123456789012"
ENVIRONMENT = Environment(
    name="mart-test",
    region="eu-central-1",
    parameters={"Release": "1.2.3", "KafkaBrokers": "broker.example:9092", "SnowflakeAccount": "shop", "Cluster": True},
    tags={"environment": "test"},
    settings={"live": {"trigger_seconds": 5}, "snowflake": {"schema_name": "OTHER"}},
)
TEMPLATES = [reduced(template) for template in templates.read_all()]
REMOVABLE = [reduced(template, NOT_REMOVED) for template in templates.read_all()]


def no_msk(cluster: str) -> str:
    raise AssertionError(f"{cluster}: this environment has a Kafka of its own")


def cloud(aws: Aws, told: list[str] | None = None) -> CloudFormation:
    return CloudFormation(aws, (told if told is not None else []).append, pause=0.05)


def up(aws: Aws, *names: str, made: Sequence[Template] = TEMPLATES, of: Environment = ENVIRONMENT) -> dict[str, str]:
    """Make stacks; say what became of each."""
    return {step.stack: step.what for step in deploy.up(of, made, cloud(aws), no_msk, names or templates.ORDER)}


def client(aws: Aws, service: str) -> Any:  # noqa: ANN401 boto3 makes them at run time
    make: Any = boto3.client
    return make(service, region_name=aws.region, endpoint_url=aws.endpoint_url)


def changed(step: Step) -> dict[str, tuple[str | None, str]]:
    """What differs in a step; moto answers a list as Python spells it."""
    return {name: both for name, both in step.parameters.items() if _joined(both[0]) != both[1]}


def _joined(value: str | None) -> str | None:
    return ",".join(ast.literal_eval(value)) if value and value.startswith("['") else value


def test_the_lists_of_what_moto_does_not_model_are_right() -> None:
    """Whoever adds a type learns whether it is tried here or only read; whoever updates moto, what can now be tried."""
    types = {one["Type"] for template in templates.read_all() for one in template.resources.values()}
    assert {kind for kind in types if not modelled(kind)} == NOT_MODELLED
    assert types >= NOT_REMOVED | NOT_OF_KAFKA


def test_all_stacks_are_made_in_order_told_what_earlier_ones_give_and_then_left_alone(aws: Aws, tmp_path: Path) -> None:
    told: list[str] = []
    steps = list(deploy.up(ENVIRONMENT, TEMPLATES, cloud(aws, told), no_msk))
    assert [(step.stack, step.what) for step in steps] == [(name, "created") for name in templates.ORDER]
    assert "mart-test-network: mart-test-network CREATE_COMPLETE" in told
    _functions_know_the_network(aws)
    _settings_can_be_read(aws, tmp_path / "aws.toml")
    before = {name: cloud(aws).find(f"mart-test-{name}") for name in templates.ORDER}
    assert set(up(aws).values()) == {"unchanged"}
    assert {name: cloud(aws).find(f"mart-test-{name}") for name in templates.ORDER} == before


def _functions_know_the_network(aws: Aws) -> None:
    network, streams = (cloud(aws).find(f"mart-test-{name}") for name in ("network", "streams"))
    assert network is not None
    assert streams is not None
    assert streams.parameters["VpcId"] == network.outputs["VpcId"]
    functions = {one["FunctionName"]: one for one in client(aws, "lambda").list_functions()["Functions"]}
    assert functions.keys() == {"mart-test-offers", "mart-test-scrape"}
    scrape = functions["mart-test-scrape"]
    assert scrape["VpcConfig"]["SubnetIds"] == network.outputs["PrivateSubnets"].split(",")
    assert scrape["Environment"]["Variables"]["MART_KAFKA__BROKERS"] == "broker.example:9092"
    assert functions["mart-test-offers"]["Environment"]["Variables"]["MART_SNOWFLAKE__ACCOUNT"] == "shop"


def _settings_can_be_read(aws: Aws, file: Path) -> None:
    facts = rendering.facts(ENVIRONMENT, cloud(aws), no_msk)
    file.write_text(rendering.text(ENVIRONMENT, facts))
    settings = Settings.read(file, file.parent)
    assert settings.lake == f"s3a://{LAKE}/lake"
    assert settings.kinesis.activity == "mart-test-activity"
    assert settings.kafka.brokers == "broker.example:9092"
    assert (settings.snowflake.account, settings.snowflake.schema_name) == ("shop", "OTHER")
    assert settings.container.subnets == tuple(facts["PrivateSubnets"].split(","))
    assert settings.alerts.sns.topic_arn.endswith(":mart-test-alerts")
    assert settings.live.trigger_seconds == 5


def test_what_holds_data_is_made_as_asked(aws: Aws) -> None:
    up(aws, "network", "storage", "streams")
    s3 = client(aws, "s3")
    rules = s3.get_bucket_encryption(Bucket=LAKE)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    stream = client(aws, "kinesis").describe_stream_summary(StreamName="mart-test-activity")["StreamDescriptionSummary"]
    assert stream["RetentionPeriodHours"] == 168


def test_a_changed_parameter_is_planned_and_then_changes_the_stack_that_has_it_alone(aws: Aws) -> None:
    names = ("network", "storage", "streams")
    up(aws, *names)
    other = ENVIRONMENT.model_copy(update={"parameters": ENVIRONMENT.parameters | {"ActivityHours": 200}})
    planned = {step.stack: step for step in deploy.plan(other, TEMPLATES, cloud(aws), no_msk, names)}
    assert changed(planned["streams"]) == {"ActivityHours": ("168", "200")}
    found = cloud(aws).find("mart-test-streams")
    assert found is not None
    assert found.parameters["ActivityHours"] == "168", "a plan changes nothing"
    done = up(aws, *names, of=other)
    assert done == {"network": "unchanged", "storage": "unchanged", "streams": "updated"}
    assert done == {name: step.what for name, step in planned.items()}
    found = cloud(aws).find("mart-test-streams")
    assert found is not None
    assert (found.state, found.parameters["ActivityHours"]) == ("UPDATE_COMPLETE", "200")


def test_the_plan_of_a_new_environment_lists_what_it_would_hold_and_makes_nothing(aws: Aws) -> None:
    steps = {step.stack: step for step in deploy.plan(ENVIRONMENT, TEMPLATES, cloud(aws), no_msk)}
    assert {step.what for step in steps.values()} == {"created"}
    assert steps["watch"].parameters["ActivityStream"] == (None, deploy.LATER)
    made = {change.resource for change in steps["streams"].changes}
    assert {"Activity", "Failures", "Alerts"} <= made
    assert "KafkaGroup" not in made, "no brokers of MSK where there is a Kafka already"
    assert client(aws, "cloudformation").describe_stacks()["Stacks"] == []


def test_a_stack_without_those_before_it_is_refused_with_what_it_lacks(aws: Aws) -> None:
    with pytest.raises(NotReady, match=r"^functions lacks ArtifactsBucket, .*: deploy the stacks before it first$"):
        up(aws, "functions")


def test_a_parameter_that_no_template_has_is_refused() -> None:
    wrong = ENVIRONMENT.model_copy(update={"parameters": {"Realease": "1", "ActivityHours": 24}})
    with pytest.raises(
        BadEnvironment, match=r"^\[parameters\] Realease: no template asks for that; there are ActivityH"
    ):
        deploy.check(wrong, TEMPLATES)
    deploy.check(ENVIRONMENT, TEMPLATES)


def test_what_aws_refuses_is_told_in_one_line(aws: Aws) -> None:
    asks = '{"Parameters": {"Size": {"Type": "String"}}, "Resources": {"A": {"Type": "AWS::SQS::Queue"}}}'
    with pytest.raises(AwsError, match=r"^CloudFormation: create_stack broken: .*Size") as caught:
        cloud(aws).settle(Wanted("broken", asks, {}))
    assert "\n" not in str(caught.value)


def test_without_data_all_else_is_removed_the_lake_stays_and_an_environment_is_made_around_it_again(aws: Aws) -> None:
    up(aws, made=REMOVABLE)
    client(aws, "s3").put_object(Bucket=LAKE, Key="lake/landing/a", Body=b"fact")
    steps = {step.stack: step.what for step in deploy.down(ENVIRONMENT, cloud(aws), Remains(aws))}
    assert steps.pop("storage") == "kept"
    assert set(steps.values()) == {"removed"}
    assert {kind for kind, found in everything(aws).items() if found} == {"stacks", "buckets", "repositories", "disks"}
    assert client(aws, "s3").get_object(Bucket=LAKE, Key="lake/landing/a")["Body"].read() == b"fact"
    again = {step.what for step in deploy.down(ENVIRONMENT, cloud(aws), Remains(aws))}
    assert again == {"unchanged", "kept"}
    back = up(aws, made=REMOVABLE)
    assert back.pop("storage") == "unchanged"
    assert set(back.values()) == {"created"}


def test_with_data_it_is_counted_first_and_then_nothing_is_left(aws: Aws) -> None:
    up(aws, made=REMOVABLE)
    s3 = client(aws, "s3")
    s3.put_bucket_versioning(
        Bucket=LAKE, VersioningConfiguration={"Status": "Enabled"}
    )  # moto takes no notice in stacks
    for body in (b"old", b"new"):
        s3.put_object(Bucket=LAKE, Key="lake/serving/a", Body=body)
    s3.delete_object(Bucket=LAKE, Key="lake/serving/a")
    counted = deploy.data(ENVIRONMENT, cloud(aws), Remains(aws))
    assert f"bucket {LAKE}: 3 objects and old versions, 0.0 GB" in counted
    steps = [step.what for step in deploy.down(ENVIRONMENT, cloud(aws), Remains(aws), with_data=True)]
    assert set(steps) == {"removed"}
    assert {kind: found for kind, found in everything(aws).items() if found} == {}
    assert {step.what for step in deploy.status(ENVIRONMENT, cloud(aws))} == {"absent"}


def everything(aws: Aws) -> dict[str, list[Any]]:
    """List what is there, by kind; networks and groups that AWS gives everybody are not ours."""
    ec2 = client(aws, "ec2")
    return {
        "stacks": client(aws, "cloudformation").describe_stacks()["Stacks"],
        "buckets": client(aws, "s3").list_buckets()["Buckets"],
        "repositories": client(aws, "ecr").describe_repositories()["repositories"],
        "disks": client(aws, "efs").describe_file_systems()["FileSystems"],
        "streams": client(aws, "kinesis").list_streams()["StreamNames"],
        "queues": client(aws, "sqs").list_queues().get("QueueUrls", []),
        "topics": client(aws, "sns").list_topics()["Topics"],
        "functions": client(aws, "lambda").list_functions()["Functions"],
        "logs": client(aws, "logs").describe_log_groups()["logGroups"],
        "roles": client(aws, "iam").list_roles()["Roles"],
        "rules": client(aws, "events").list_rules()["Rules"],
        "balancers": client(aws, "elbv2").describe_load_balancers()["LoadBalancers"],
        "networks": [one for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]],
        "groups": [one for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"],
    }


def test_what_does_not_stand_yet_is_missing_from_the_settings(aws: Aws) -> None:
    up(aws, "network", "storage")
    made = rendering.document(rendering.facts(ENVIRONMENT, cloud(aws), no_msk), {})
    assert made["lake"] == f"s3a://{LAKE}/lake"
    assert made["scraping"] == {"state": "s3://mart-test-artifacts-123456789012/crawls"}
    assert not made.keys() & {"kinesis", "kafka", "mlflow", "alerts"}
