"""AWS on this machine: a cluster and an application for all tests, a bucket for each."""

import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.settings import Settings, Submit
from tests.submit.account import Account


@pytest.fixture(scope="session")
def places(aws_there: Settings) -> Submit:
    """A cluster and an application, which moto takes its time to make."""
    aws = aws_there.aws
    given = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

    def client(service: str) -> Any:  # noqa: ANN401 boto3's own
        return boto3.client(service, region_name=aws.region, endpoint_url=aws.endpoint_url, **given)

    cluster = client("emr").run_job_flow(
        Name="mart", ReleaseLabel="emr-spark-8.1.0", LogUri="s3n://emr-logs/emr/",
        Applications=[{"Name": "Spark", "Version": "4.1.1-amzn-0"}],
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1, "MasterInstanceType": "m6g.xlarge"},
        JobFlowRole="EMR_EC2_DefaultRole", ServiceRole="EMR_DefaultRole",
    )  # fmt: skip
    # moto knows no label of the line emr-spark.
    application = client("emr-serverless").create_application(name="mart", releaseLabel="emr-7.14.0", type="SPARK")
    client("s3").create_bucket(Bucket="emr-logs", CreateBucketConfiguration={"LocationConstraint": aws.region})
    role = "arn:aws:iam::123456789012:role/mart"
    return Submit(cluster=cluster["JobFlowId"], application=application["applicationId"], role=role)


@pytest.fixture
def account(aws_up: Settings, places: Submit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    aws = aws_up.aws
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.region)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    bucket = f"test-{uuid.uuid4().hex[:8]}"
    at = places.model_copy(update={"release": f"s3://{bucket}/r1", "logs": f"s3://{bucket}/logs"})
    there = Account(Settings(aws=aws, submit=at), bucket, tmp_path / "dist")
    place = {"LocationConstraint": aws.region}
    there.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    return there
