"""AWS on this machine, with a bucket, a cluster and an application of the test's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from mart.local import services
from mart.settings import Aws, Settings, Submit
from tests.submit.account import Account


@pytest.fixture
def account(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    [status] = services.up(home, ["aws"])
    assert status.state == "up", status.detail
    aws = Settings.read(home=home).aws
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": aws.region,
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    there = Account(Settings(aws=aws), f"test-{uuid.uuid4().hex[:8]}", tmp_path / "dist")
    place = {"LocationConstraint": aws.region}
    there.client("s3").create_bucket(Bucket=there.bucket, CreateBucketConfiguration=place)
    there.settings = Settings(aws=aws, submit=_places(there, aws))
    yield there
    there.client("emr").terminate_job_flows(JobFlowIds=[there.settings.submit.cluster])


def _places(there: Account, aws: Aws) -> Submit:
    cluster = there.client("emr").run_job_flow(
        Name="mart", ReleaseLabel="emr-spark-8.1.0", LogUri=f"s3n://{there.bucket}/emr/",
        Applications=[{"Name": "Spark", "Version": "4.1.1-amzn-0"}],
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1, "MasterInstanceType": "m6g.xlarge"},
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
    )  # fmt: skip
    # moto knows no label of the line emr-spark.
    application = there.client("emr-serverless").create_application(
        name="mart", releaseLabel="emr-7.14.0", type="SPARK"
    )
    return Submit(
        release=f"s3://{there.bucket}/r1",
        cluster=cluster["JobFlowId"],
        application=application["applicationId"],
        role="arn:aws:iam::123456789012:role/mart",
        logs=f"s3://{there.bucket}/logs",
    )
