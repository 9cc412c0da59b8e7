"""`mart doctor --aws`: account, release, versions, jars and rights, against moto, and IAM by botocore's own stub."""

import json
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner

from mart.cli import main
from mart.settings import Aws, Kinesis, Settings, Snowflake, Submit
from mart.submit import rights
from mart.submit.examination import Wrong, application, examine
from tests.submit.account import Account

PLACES = ("emr", "emr-serverless", "glue")


def found(settings: Settings) -> dict[str, tuple[bool, str]]:
    return {one.name: (one.ok, one.found) for one in examine(settings)}


def test_what_is_as_it_should_be_is_told_with_its_versions(account: Account) -> None:
    for place in PLACES:
        account.release(place)
    told = found(account.settings)
    assert told["account"][0]
    assert told["account"][1].startswith("123456789012 in eu-central-1, as arn:aws:")
    for place in PLACES:
        assert told[f"{place} release"] == (True, "0.1.0 at c0ffee, Python 3.11, x86_64")
        assert told[f"{place} connector jars"] == (True, "5 jars")
    assert told["emr"][0], told["emr"]
    assert told["emr"][1].endswith("Spark 4.1.1-amzn-0")
    assert told["glue"] == (True, "0 jobs of ours, Glue 6.0")


def test_another_release_of_emr_is_off(account: Account) -> None:
    account.release("emr-serverless")
    told = found(account.settings)["emr-serverless"]
    assert told == (False, "emr-7.14.0, STARTED, x86_64: emr-spark-8.1.0 is wanted, and not one that ends")


def test_an_application_must_have_the_processor_that_the_release_is_for() -> None:
    there = {"releaseLabel": "emr-spark-8.1.0", "state": "CREATED", "architecture": "ARM64"}
    assert application(there, "aarch64") == "emr-spark-8.1.0, CREATED, aarch64"
    with pytest.raises(Wrong, match=r"the release is for x86_64; mart package --arch aarch64$"):
        application(there, "x86_64")
    with pytest.raises(Wrong, match="not one that ends"):
        application(there | {"state": "TERMINATED"}, "aarch64")


def test_a_jar_that_is_missing_or_cut_short_is_named(account: Account) -> None:
    account.release("emr")
    account.put("r1/emr/jars/kafka-clients-3.jar", b"cut")
    account.client("s3").delete_object(Bucket=account.bucket, Key="r1/emr/jars/commons-pool2-2.jar")
    assert found(account.settings)["emr connector jars"] == (
        False,
        "missing or cut short: kafka-clients, commons-pool2",
    )


def test_what_iam_will_not_tell_is_said_to_be_unknown(account: Account) -> None:
    """Moto has no simulation; so is it where one may not ask."""
    told = found(account.settings)
    (release,) = [one for name, one in told.items() if name.endswith("/r1/*")]
    assert not release[0]
    assert "simulate_principal_policy" in release[1]


def test_rights_that_iam_denies_are_named() -> None:
    client = boto3.client("iam", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    role, bucket = "arn:aws:iam::123456789012:role/mart", "arn:aws:s3:::lake/*"
    asked = {"PolicySourceArn": role, "ActionNames": ["s3:GetObject", "s3:PutObject"], "ResourceArns": [bucket]}
    decisions = [("s3:GetObject", "allowed"), ("s3:PutObject", "implicitDeny")]
    answer = {"EvaluationResults": [{"EvalActionName": name, "EvalDecision": said} for name, said in decisions]}
    with Stubber(client) as stub:
        stub.add_response("simulate_principal_policy", answer, asked)
        assert rights.lacking(client, role, bucket, ("s3:GetObject", "s3:PutObject")) == ["s3:PutObject"]


def test_rights_follow_the_settings(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/mart"
    settings = Settings(
        lake="s3a://lake/prod",
        checkpoints=str(tmp_path),
        submit=Submit(release="s3://artifacts/r1", role=role),
        kinesis=Kinesis(activity="clicks"),
        snowflake=Snowflake(private_key_secret="arn:aws:secretsmanager:eu-west-1:123456789012:secret:key"),
        aws=Aws(region="eu-west-1"),
    )
    assert rights.wanted(settings) == {
        "arn:aws:s3:::artifacts/r1/*": rights.READ,
        "arn:aws:s3:::artifacts": ("s3:ListBucket",),
        "arn:aws:s3:::lake/prod/*": rights.WRITE,
        "arn:aws:s3:::lake": ("s3:ListBucket",),
        "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks": rights.STREAM,
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key": rights.SECRET,
    }


def test_the_command_prints_one_document_and_exits_1_where_something_is_off(account: Account) -> None:
    words = ["doctor", "--aws", "--settings", account.file(application=""), "--json"]
    done = CliRunner().invoke(main, [*words, "--home", str(account.out.parent)])
    told = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert told["emr-serverless"]["found"] == "not used: no submit.application"
    assert told["emr release"]["remedy"] == f"mart package --target emr --to s3://{account.bucket}/r1"
    assert told["glue"]["found"] == "not used: no submit.role, or no release for it"


def test_without_credentials_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    (told,) = examine(Settings())
    assert (told.name, told.ok) == ("account", False)
    assert "credentials" in told.found
