"""CloudWatch, played by moto, takes figures and alarms; the handlers of Lambda functions write what it reads out of their logs."""

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.edges.aws import AwsError
from mart.edges.cloudwatch import CloudWatch
from mart.settings import Aws, Settings
from mart.watch import cloudwatch, invocations
from mart.watch.alarms import State, evaluate
from mart.watch.metrics import ALARMS, FRESHNESS, INVOCATION_ERRORS, INVOCATION_SECONDS, INVOCATIONS, LANDED

ROOT = Path(__file__).parents[2]


@pytest.fixture
def aws(aws_up: Settings) -> Aws:
    return aws_up.aws


def client(aws: Aws) -> Any:  # noqa: ANN401 boto3 makes its clients at run time
    return boto3.client("cloudwatch", region_name=aws.region, endpoint_url=aws.endpoint_url)


@pytest.fixture
def namespace() -> str:
    return f"Test/{uuid.uuid4().hex[:8]}"


def statistics(aws: Aws, namespace: str, name: str, **dimensions: str) -> list[float]:
    now = datetime.now(UTC)
    found = client(aws).get_metric_statistics(
        Namespace=namespace, MetricName=name, StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1), Period=60,
        Statistics=["Maximum"], Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
    )  # fmt: skip
    return [one["Maximum"] for one in found["Datapoints"]]


def test_figures_arrive_with_their_labels_and_the_worst_without(aws: Aws, namespace: str) -> None:
    tables = {f"serving.t{number}": float(number) for number in range(1200)}  # more than one request takes
    samples = [FRESHNESS.at(value, table=table) for table, value in tables.items()]
    samples.append(LANDED.at(5, table="landing.activity", outcome="event"))
    assert CloudWatch(aws).put(namespace, cloudwatch.data(samples), datetime.now(UTC)) == 1202
    assert statistics(aws, namespace, "mart_freshness_seconds", table="serving.t7") == [7]
    assert statistics(aws, namespace, "mart_freshness_seconds") == [1199]
    assert statistics(aws, namespace, "mart_landed_records", table="landing.activity", outcome="event") == [5]


def test_alarms_are_put_and_tell_a_topic(aws: Aws, namespace: str) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:alerts"
    wanted = cloudwatch.alarms(namespace, {"freshness": 7200}, topic)
    CloudWatch(aws).put_alarms(wanted)
    CloudWatch(aws).put_alarms(wanted)  # again changes nothing
    found = client(aws).describe_alarms(AlarmNamePrefix=f"{namespace}-", MaxRecords=100)["MetricAlarms"]
    assert {one["AlarmName"] for one in found} == {f"{namespace}-{name}" for name in ALARMS}
    [fresh] = [one for one in found if one["AlarmName"].endswith("-freshness")]
    assert (fresh["Threshold"], fresh["AlarmActions"], fresh["TreatMissingData"]) == (7200, [topic], "ignore")
    assert "docs/runbook.md#freshness" in fresh["AlarmDescription"]


def test_an_alarm_is_raised_and_over_as_cloudwatch_shows_it(aws: Aws, namespace: str) -> None:
    """Moto keeps an alarm's state and does not evaluate it; so our own evaluation says what it is set to."""
    CloudWatch(aws).put_alarms(cloudwatch.alarms(namespace, {}))
    name, now, states = f"{namespace}-function-failed", datetime.now(UTC), list[State]()
    for errors, kind, state in ((1, "raised", "ALARM"), (0, "cleared", "OK")):
        sample = INVOCATION_ERRORS.at(errors, function="offers")
        states, [change] = evaluate([sample], states, now, {}, timedelta(days=1))
        assert change.kind == kind
        client(aws).set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"{errors} errors")
        [shown] = client(aws).describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert (shown["StateValue"], shown["StateReason"]) == (state, f"{errors} errors")


def test_the_stack_makes_a_dashboard_and_leaves_none(aws: Aws) -> None:
    """Moto makes no alarms of a stack; that the template has those which are put here is in test_declarations.py."""
    stacks = boto3.client("cloudformation", region_name=aws.region, endpoint_url=aws.endpoint_url)
    name = f"watch-{uuid.uuid4().hex[:8]}"
    given = {"AlertsTopic": "arn:aws:sns:eu-central-1:123456789012:alerts", "Name": name}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    template = (ROOT / "aws" / "watch-alarms.yaml").read_text()
    stacks.create_stack(StackName=name, TemplateBody=template, Parameters=parameters)
    body = json.loads(client(aws).get_dashboard(DashboardName=name)["DashboardBody"])
    shown = [one["properties"] for one in body["widgets"] if one["type"] == "metric"]
    assert {one["region"] for one in shown} == {aws.region}
    assert f"SEARCH('{{{name},table}} MetricName=\"mart_freshness_seconds\"', 'Maximum', 60)" in json.dumps(
        shown
    ).replace('\\"', '"')
    stacks.delete_stack(StackName=name)
    assert name not in [one["DashboardName"] for one in client(aws).list_dashboards()["DashboardEntries"]]


def test_a_cloudwatch_that_can_not_be_reached_is_said_in_a_sentence() -> None:
    nowhere = Aws(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(AwsError, match=r"put_metric_data.*check the credentials and the aws settings"):
        CloudWatch(nowhere).put("Test", cloudwatch.data([LANDED.at(1, table="a", outcome="b")]), datetime.now(UTC))


def invoke(tmp_path: Path, event: str) -> subprocess.CompletedProcess[str]:
    """Call the function that loads offers as Lambda does, in a process of its own."""
    call = f"import offers_lambda; offers_lambda.handler({event}, None)"
    paths = os.pathsep.join((str(ROOT / "lib"), str(ROOT / "jobs" / "streaming")))
    variables = {"PYTHONPATH": paths, "AWS_LAMBDA_FUNCTION_NAME": "mart-offers", "MART_HOME": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", call], env=os.environ | variables, capture_output=True, text=True, check=False
    )


def test_a_function_that_raises_counts_itself_in_its_log(tmp_path: Path) -> None:
    done = invoke(tmp_path, '{"records": "nonsense"}')
    assert done.returncode == 1
    [said] = [json.loads(line) for line in done.stdout.splitlines()]
    [directive] = said["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "ProductMart"
    assert directive["Dimensions"] == [["function"], []]
    names = {one["Name"]: one["Unit"] for one in directive["Metrics"]}
    assert names == {INVOCATIONS.name: "Count", INVOCATION_ERRORS.name: "Count", INVOCATION_SECONDS.name: "Seconds"}
    assert (said["function"], said[INVOCATIONS.name], said[INVOCATION_ERRORS.name]) == ("offers", 1, 1)


def test_a_handler_is_what_it_was_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    @invocations.counted("x")
    def handler(event: int, context: None) -> int:
        return event + 1

    assert handler(1, None) == 2
    assert capsys.readouterr().out == ""
