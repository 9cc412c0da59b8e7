"""What would be sent to EMR, EMR Serverless and Glue, to the last word."""

import re
from pathlib import Path

import pytest

from mart.settings import Submit
from mart.submit import SubmitError, requests
from mart.submit.requests import Job, Request
from mart.submit.spark import SPARK, WORKERS

ROOT = Path(__file__).parents[2]
AT = Submit(
    release="s3://artifacts/r1",
    cluster="j-1",
    application="a1",
    role="arn:aws:iam::123456789012:role/mart",
    logs="s3://logs/mart",
    glue_workers=4,
)
SPOKEN = (
    "--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension "
    "--conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog "
    "--conf spark.sql.session.timeZone=UTC "
    "--conf spark.sql.codegen.cache.maxEntries=2000 "
    "--conf spark.sql.objectHashAggregate.sortBased.fallbackThreshold=10000 "
    "--conf spark.executorEnv.OPENBLAS_NUM_THREADS=1"
)
DELTA = "/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar"


def job(name: str, on: str, *words: str) -> Job:
    return Job(name, words, "s3://settings/prod.toml", f"s3://artifacts/r1/{on}", ("jars/a-1.jar", "jars/b-2.jar"))


def test_a_step_of_emr_is_a_spark_submit_in_cluster_mode() -> None:
    assert requests.emr(job("batch/views", "emr", "--full"), AT) == Request(
        "emr",
        "add_job_flow_steps",
        {
            "JobFlowId": "j-1",
            "Steps": [
                {
                    "Name": "mart batch/views",
                    "ActionOnFailure": "CONTINUE",
                    "HadoopJarStep": {
                        "Jar": "command-runner.jar",
                        "Args": [
                            *("spark-submit", "--name", "mart batch/views", "--deploy-mode", "cluster"),
                            *(
                                "--jars",
                                f"{DELTA},s3://artifacts/r1/emr/jars/a-1.jar,s3://artifacts/r1/emr/jars/b-2.jar",
                            ),
                            *SPOKEN.split(),
                            *("--conf", "spark.pyspark.python=/opt/mart/bin/python"),
                            *("--conf", "spark.executorEnv.PYSPARK_PYTHON=/opt/mart/bin/python"),
                            "s3://artifacts/r1/emr/jobs/batch/views.py",
                            *("--settings", "s3://settings/prod.toml", "--full"),
                        ],
                    },
                }
            ],
        },
    )


def test_a_stream_on_emr_serverless_runs_in_streaming_mode_and_is_tried_again() -> None:
    assert requests.serverless(job("streaming/live", "emr-serverless"), AT) == Request(
        "emr-serverless",
        "start_job_run",
        {
            "applicationId": "a1",
            "executionRoleArn": "arn:aws:iam::123456789012:role/mart",
            "name": "mart streaming/live",
            "mode": "STREAMING",
            "retryPolicy": {"maxFailedAttemptsPerHour": 5},
            "jobDriver": {
                "sparkSubmit": {
                    "entryPoint": "s3://artifacts/r1/emr-serverless/jobs/streaming/live.py",
                    "entryPointArguments": ["--settings", "s3://settings/prod.toml"],
                    "sparkSubmitParameters": (
                        f"{SPOKEN} "
                        "--conf spark.archives=s3://artifacts/r1/emr-serverless/environment.tar.gz#environment "
                        "--conf spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON=./environment/bin/python "
                        "--conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python "
                        "--conf spark.executorEnv.PYSPARK_PYTHON=./environment/bin/python "
                        f"--conf spark.jars={DELTA},"
                        "s3://artifacts/r1/emr-serverless/jars/a-1.jar,s3://artifacts/r1/emr-serverless/jars/b-2.jar"
                    ),
                }
            },
            "configurationOverrides": {
                "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/mart"}}
            },
        },
    )


@pytest.mark.parametrize(("name", "words"), [("batch/views", ()), ("streaming/ingest_activity", ("--available-now",))])
def test_what_ends_by_itself_runs_in_batch_mode_once(name: str, words: tuple[str, ...]) -> None:
    run = requests.serverless(job(name, "emr-serverless", *words), AT).arguments
    assert (run["mode"], run["retryPolicy"]) == ("BATCH", {"maxAttempts": 1})


def test_a_job_of_glue_is_defined_by_the_release_and_its_run_has_the_arguments() -> None:
    definition, run = requests.glue(job("batch/refine_offers", "glue", "--full", "--home", "/tmp/home"), AT)
    assert definition == Request(
        "glue",
        "create_job",
        {
            "Name": "mart-batch-refine_offers",
            "Role": "arn:aws:iam::123456789012:role/mart",
            "Command": {
                "Name": "glueetl",
                "ScriptLocation": "s3://artifacts/r1/glue/jobs/batch/refine_offers.py",
                "PythonVersion": "3",
            },
            "GlueVersion": "6.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 4,
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
            "DefaultArguments": {
                "--additional-python-modules": "s3://artifacts/r1/glue/product-mart.gluewheels.zip",
                "--python-modules-installer-option": "--no-index",
                "--extra-py-files": "s3://artifacts/r1/glue/delta.zip",
                "--extra-jars": "s3://artifacts/r1/glue/jars/a-1.jar,s3://artifacts/r1/glue/jars/b-2.jar",
                "--datalake-formats": "delta",
                "--conf": SPOKEN.removeprefix("--conf "),
            },
        },
    )
    arguments = {"--settings": "s3://settings/prod.toml", "--full": "true", "--home": "/tmp/home"}
    assert run == Request("glue", "start_job_run", {"JobName": "mart-batch-refine_offers", "Arguments": arguments})


def test_a_stream_on_glue_is_a_streaming_job() -> None:
    definition, _ = requests.glue(job("streaming/live", "glue"), AT)
    assert definition.arguments["Command"]["Name"] == "gluestreaming"


def test_settings_that_lack_where_to_run_are_named() -> None:
    with pytest.raises(SubmitError, match=r"^the settings lack submit\.cluster$"):
        requests.emr(job("batch/views", "emr"), Submit())
    with pytest.raises(SubmitError, match=r"^the settings lack submit\.application, submit\.role$"):
        requests.serverless(job("batch/views", "emr-serverless"), Submit())
    with pytest.raises(SubmitError, match=r"^the settings lack submit\.role$"):
        requests.glue(job("batch/views", "glue"), Submit())


def test_spark_is_told_on_a_cluster_what_it_is_told_here() -> None:
    here = (ROOT / "conf" / "spark" / "spark-defaults.conf").read_text()
    assert dict(re.findall(r"^(\S+)\s+(\S+)$", here, re.MULTILINE)).items() >= SPARK.items()
    threads = WORKERS["spark.executorEnv.OPENBLAS_NUM_THREADS"]
    assert f"export OPENBLAS_NUM_THREADS={threads}\n" in (ROOT / "conf" / "spark" / "spark-env.sh").read_text()
