"""Templates are held by reading them: AWS' own rules (cfn-lint), and ours."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

from mart.deploying import templates
from mart.deploying.deploy import check, fill
from mart.deploying.environment import Environment
from mart.deploying.templates import FOLDER, ORDER, Template

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = [ROOT / "conf" / "aws-dev.toml", ROOT / "conf" / "aws-prod.toml"]
ALL = templates.read_all()
FACTS = ("lake/landing/", "lake/processed/")


def of(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the properties of all resources of a type, with a name that says where they are."""
    for template in ALL:
        for name, one in template.resources.items():
            if one["Type"] == kind:
                yield f"{template.name}.{name}", one["Properties"]


def leaves(node: Any) -> Iterator[str]:  # noqa: ANN401 any part of a document
    if isinstance(node, dict):
        for value in node.values():
            yield from leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("name", ORDER)
def test_a_template_breaks_none_of_amazons_rules(name: str) -> None:
    found = cfnlint.api.lint_file(FOLDER / f"{name}.yaml", ManualArgs(regions=["eu-central-1"]))
    assert [str(one) for one in found] == []


def test_lint_would_find_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "streams.yaml"
    wrong.write_text((FOLDER / "streams.yaml").read_text().replace("RetentionPeriodHours", "RetentionHours"))
    assert [one.rule.id for one in cfnlint.api.lint_file(wrong)] == ["E3002"]


def test_every_template_has_its_place_in_the_order() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(ORDER)


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_every_parameter_is_given_by_the_environment_an_earlier_stack_or_a_default(file: Path) -> None:
    environment = Environment.read(file)
    check(environment, ALL)
    known = {"KafkaBrokers": "asked of MSK"}
    for template in ALL:
        assert template.required <= fill(environment, template, known).keys(), template.name
        known |= dict.fromkeys(template.outputs, "given")


def test_what_a_stack_gives_has_a_name_of_its_own_and_is_an_output_of_one_stack() -> None:
    outputs = [name for template in ALL for name in template.outputs]
    assert len(outputs) == len(set(outputs))


def test_a_parameter_says_what_it_is_unless_an_earlier_stack_or_its_name_does() -> None:
    given = {name for template in ALL for name in template.outputs}
    silent = {n for t in ALL for n, told in t.parameters.items() if "Description" not in told and n not in given}
    plain = {"MostMemory", "ClusterInstance", "GlueWorkers", "GlueDatabase"}
    assert silent - plain <= {f"Snowflake{word}" for word in ("User", "Role", "Warehouse", "Database")}


def test_templates_are_read_in_minutes_and_need_no_bucket_to_be_sent_from() -> None:
    for template in ALL:
        assert template.body.count("\n") <= 400, template.name
        assert len(template.body.encode()) <= 51_200, "what CloudFormation takes in a request"
        assert not re.search(r"(: |- )[&*]\w", template.body), "CloudFormation knows no anchors"


def test_no_template_names_an_account_a_region_or_a_partition() -> None:
    for template in ALL:
        for text in leaves(template.document):
            assert not re.search(r"\b\d{12}\b|arn:aws\b|\b(eu|us|ap)-[a-z]+-\d\b", text), f"{template.name}: {text}"


def test_buckets_are_encrypted_closed_and_outlive_their_stack() -> None:
    buckets = dict(of("AWS::S3::Bucket"))
    assert buckets.keys() == {"storage.Lake", "storage.Artifacts", "storage.Scratch"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, name
    closed = {policy["Bucket"]["Ref"] for _, policy in of("AWS::S3::BucketPolicy") if _refuses_plain_http(policy)}
    assert closed == {"Lake", "Artifacts", "Scratch"}


def _refuses_plain_http(policy: dict[str, Any]) -> bool:
    first = policy["PolicyDocument"]["Statement"][0]
    return (first["Effect"], first["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_all_that_holds_data_is_kept_when_its_stack_goes() -> None:
    storage = next(template for template in ALL if template.name == "storage")
    for name, one in storage.resources.items():
        assert one["DeletionPolicy"] == one["UpdateReplacePolicy"] == "RetainExceptOnCreate" or (
            one["DeletionPolicy"] == "RetainExceptOnCreate" and one["UpdateReplacePolicy"] == "Retain"
        ), name


def test_no_rule_of_the_lake_ever_deletes_from_landing_or_processed() -> None:
    rules = dict(of("AWS::S3::Bucket"))["storage.Lake"]["LifecycleConfiguration"]["Rules"]
    for rule in rules:
        deletes = {"ExpirationInDays", "ExpirationDate", "NoncurrentVersionExpiration", "ExpiredObjectDeleteMarker"}
        prefix = rule.get("Prefix", "")
        reaches = any(prefix.startswith(fact) or fact.startswith(prefix) for fact in FACTS)
        assert not (deletes & rule.keys() and reaches), rule["Id"]
    assert {rule.get("Prefix") for rule in rules} >= set(FACTS)


def test_streams_queues_topics_and_disks_are_encrypted() -> None:
    for name, stream in of("AWS::Kinesis::Stream"):
        assert stream["StreamEncryption"]["EncryptionType"] == "KMS", name
    for name, queue in of("AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] is True, name
    for name, topic in of("AWS::SNS::Topic"):
        assert topic["KmsMasterKeyId"], name
    for name, disk in of("AWS::EFS::FileSystem"):
        assert disk["Encrypted"] is True, name
    for name, group in of("AWS::Athena::WorkGroup"):
        result = group["WorkGroupConfiguration"]["ResultConfiguration"]
        assert result["EncryptionConfiguration"]["EncryptionOption"] == "SSE_S3", name


def test_every_function_has_a_timeout_and_a_place_for_what_it_could_not_do() -> None:
    functions = dict(of("AWS::Lambda::Function"))
    asynchronous = {f"functions.{one['FunctionName']['Ref']}": one for _, one in of("AWS::Lambda::EventInvokeConfig")}
    assert functions.keys() == asynchronous.keys()
    for name, function in functions.items():
        assert 0 < function["Timeout"] <= 900, name
        assert asynchronous[name]["DestinationConfig"]["OnFailure"]["Destination"] == {"Ref": "FailuresQueue"}, name
    assert asynchronous["functions.Scrape"]["MaximumRetryAttempts"] == 0


def test_mappings_report_the_records_that_failed_halve_batches_and_give_up_into_the_queue() -> None:
    mappings = dict(of("AWS::Lambda::EventSourceMapping"))
    assert mappings.keys() == {"functions.OffersFromMsk", "functions.OffersFromOwnKafka"}
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"Ref": "FailuresQueue"}
        assert mapping["ProvisionedPollerConfig"], "else there are no halves and no counted tries"


def test_secrets_are_made_empty_and_named_by_their_arn() -> None:
    for name, secret in of("AWS::SecretsManager::Secret"):
        assert secret.keys() == {"Name", "Description"}, f"{name} holds no value"
    for template in ALL:
        assert "{{resolve:" not in template.body
        for name in template.parameters.keys() & {"SnowflakeKey", "SnowflakeReader", "ApiKeys"}:
            assert "Default" not in template.parameters[name]
    for name, task in of("AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            plain = {one["Name"] for one in container.get("Environment", [])}
            assert not {one for one in plain if re.search(r"KEY|SECRET|PASSWORD|WEBHOOK|TOKEN", one)}, name


def test_nothing_but_the_http_service_is_open_to_the_internet() -> None:
    doors = [
        (name, rule["FromPort"])
        for name, group in of("AWS::EC2::SecurityGroup")
        for rule in group.get("SecurityGroupIngress", [])
        if rule.get("CidrIp") == "0.0.0.0/0"
    ]
    assert doors == [("containers.OutsideGroup", 443)]
    for name, service in of("AWS::ECS::Service"):
        network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert network["Subnets"] == {"Ref": "PrivateSubnets"}, name


def test_what_schedules_start_are_jobs() -> None:
    names = {f"{file.parent.name}/{file.stem}" for file in (ROOT / "jobs").glob("*/*.py")}
    for name, schedule in of("AWS::Scheduler::Schedule"):
        (override,) = json.loads(schedule["Target"]["Input"])["containerOverrides"]
        assert set(override["command"]) <= names, name
        assert schedule["Target"]["DeadLetterConfig"]["Arn"] == {"Ref": "FailuresQueue"}, name
    (job,) = (job for _, job in of("AWS::Glue::Job"))
    assert job["Command"]["ScriptLocation"]["Fn::Sub"].endswith("/jobs/streaming/ingest_activity.py")


def test_handlers_are_those_of_the_jobs() -> None:
    for name, function in of("AWS::Lambda::Function"):
        module, _, handler = function["Handler"].partition(".")
        assert f"def {handler}(" in (ROOT / "jobs" / "streaming" / f"{module}.py").read_text(), name


def test_every_alarm_tells_people_when_it_begins_and_when_it_ends() -> None:
    alarms = dict(of("AWS::CloudWatch::Alarm"))
    assert set(alarms) >= {
        "watch.ActivityLag",
        "watch.Failures",
        "watch.ScrapeErrors",
        "watch.OffersErrors",
    }
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlertsTopic"}], name
        assert alarm["AlarmDescription"].endswith((".", "what.")), name
    failed = {rule["EventPattern"]["source"][0] for _, rule in of("AWS::Events::Rule")}
    assert failed == {"aws.emr-serverless", "aws.emr", "aws.glue", "aws.ecs"}


def test_a_plan_counts_what_conditions_let_through() -> None:
    network: Template = ALL[0]
    small = {one.resource for one in network.additions(network.defaults | {"Name": "x"})}
    large = {one.resource for one in network.additions(network.defaults | {"Name": "x", "PrivateLink": "true"})}
    assert large - small == {
        one for one in network.resources if network.resources[one].get("Condition") == "HasPrivateLink"
    }
    assert "NatB" not in large
