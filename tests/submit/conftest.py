"""AWS on this machine: a cluster and an application for all tests, a bucket for each."""

import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.local import services
from mart.settings import Aws, Settings, Submit
from tests.submit.account import Account


@pytest.fixture(scope="session")
def aws_up(home: Path) -> Aws:
    [status] = services.up(home, ["aws"])
    assert status.state == "up", status.detail
    return Settings.read(home=home).aws


@pytest.fixture(scope="session")
def places(aws_up: Aws) -> Submit:
    """A cluster and an application, which moto takes its time to make."""
    given = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

    def client(service: str) -> Any:  # noqa: ANN401 boto3's own
        return boto3.client(service, region_name=aws_up.region, endpoint_url=aws_up.endpoint_url, **given)

    cluster = client("emr").run_job_flow(
        Name="mart", ReleaseLabel="emr-spark-8.1.0", LogUri="s3n://emr-logs/emr/",
        Applications=[{"Name": "Spark", "Version": "4.1.1-amzn-0"}],
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1, "MasterInstanceType": "m6g.xlarge"},
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
    )  # fmt: skip
    # moto knows no label of the line emr-spark.
    application = client("emr-serverless").create_application(name="mart", releaseLabel="emr-7.14.0", type="SPARK")
    client("s3").create_bucket(Bucket="emr-logs", CreateBucketConfiguration={"LocationConstraint": aws_up.region})
    role = "arn:aws:iam::123456789012:role/mart"
    return Submit(cluster=cluster["JobFlowId"], application=application["applicationId"], role=role)


@pytest.fixture
def account(aws_up: Aws, places: Submit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws_up.region)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_up.endpoint_url)
    bucket = f"test-{uuid.uuid4().hex[:8]}"
    at = places.model_copy(update={"release": f"s3://{bucket}/r1", "logs": f"s3://{bucket}/logs"})
    there = Account(Settings(aws=aws_up, submit=at), bucket, tmp_path / "dist")
    place = {"LocationConstraint": aws_up.region}
    there.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    return there
