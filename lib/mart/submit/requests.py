"""A job as a request to EMR, EMR Serverless or Glue: pure functions, so that what would be sent can be read and tested.

In: a job's name and words, its release, the place of the settings. Out: operations and their arguments, as boto3 has them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mart.settings import Submit
from mart.submit import SubmitError
from mart.submit.spark import DELTA, GLUE_RELEASE, SPARK, WORKERS

ENVIRONMENT = "./environment/bin/python"  # where EMR Serverless unpacks our archive, on the driver and on each executor
INSTALLED = "/opt/mart/bin/python"  # by emr/bootstrap.sh, on each node
ATTEMPTS_PER_HOUR = 5  # of a stream that fails; then people are to look


@dataclass(frozen=True)
class Job:
    """A job with its arguments, in a release for one kind of place."""

    name: str  # layer/name
    words: tuple[str, ...]  # its arguments, as on a command line
    settings: str  # s3://… that it reads; empty: none
    release: str  # s3://BUCKET/RELEASE/TARGET
    jars: tuple[str, ...]  # of the release, as jars/NAME

    @property
    def title(self) -> str:
        return f"mart {self.name}"

    @property
    def script(self) -> str:
        return f"{self.release}/jobs/{self.name}.py"

    @property
    def arguments(self) -> list[str]:
        return [*(["--settings", self.settings] if self.settings else []), *self.words]

    @property
    def lasting(self) -> bool:
        """A stream goes on until it is told to stop, unless it only takes what is there."""
        return self.name.startswith("streaming/") and "--available-now" not in self.words

    def connectors(self) -> list[str]:
        return [f"{self.release}/{jar}" for jar in self.jars]


@dataclass(frozen=True)
class Request:
    """One call of a service, by boto3's names."""

    service: str
    operation: str
    arguments: Mapping[str, Any]


def emr(job: Job, at: Submit) -> Request:
    """Make a step of a cluster. Raises SubmitError."""
    _set(cluster=at.cluster)
    properties = SPARK | WORKERS | {"spark.pyspark.python": INSTALLED, "spark.executorEnv.PYSPARK_PYTHON": INSTALLED}
    words = ["spark-submit", "--name", job.title, "--deploy-mode", "cluster"]
    words += ["--jars", ",".join([*DELTA, *job.connectors()])]
    words += [word for name, value in properties.items() for word in ("--conf", f"{name}={value}")]
    step = {
        "Name": job.title,
        "ActionOnFailure": "CONTINUE",  # a job that fails is no reason to end the cluster
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [*words, job.script, *job.arguments]},
    }
    return Request("emr", "add_job_flow_steps", {"JobFlowId": at.cluster, "Steps": [step]})


def serverless(job: Job, at: Submit) -> Request:
    """Make a job run of an application; a stream's is in streaming mode, and tried again. Raises SubmitError."""
    _set(application=at.application, role=at.role)
    drivers = {
        f"spark.emr-serverless.driverEnv.{name}": ENVIRONMENT for name in ("PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON")
    }
    archive = {"spark.archives": f"{job.release}/environment.tar.gz#environment"}
    properties = SPARK | WORKERS | archive | drivers | {"spark.executorEnv.PYSPARK_PYTHON": ENVIRONMENT}
    properties |= {"spark.jars": ",".join([*DELTA, *job.connectors()])}
    submit = {
        "entryPoint": job.script,
        "entryPointArguments": job.arguments,
        "sparkSubmitParameters": " ".join(f"--conf {name}={value}" for name, value in properties.items()),
    }
    logs = {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": at.logs}}}
    retry = {"maxFailedAttemptsPerHour": ATTEMPTS_PER_HOUR} if job.lasting else {"maxAttempts": 1}
    run = {"applicationId": at.application, "executionRoleArn": at.role, "name": job.title, "retryPolicy": retry}
    run |= {"mode": "STREAMING" if job.lasting else "BATCH", "jobDriver": {"sparkSubmit": submit}}
    return Request("emr-serverless", "start_job_run", run | ({"configurationOverrides": logs} if at.logs else {}))


def glue(job: Job, at: Submit) -> tuple[Request, Request]:
    """Make a Glue job's definition, which follows the release, and a run of it. Raises SubmitError."""
    _set(role=at.role)
    properties = SPARK | WORKERS
    name = f"mart-{job.name.replace('/', '-')}"
    defaults = {
        "--additional-python-modules": f"{job.release}/product-mart.gluewheels.zip",
        "--python-modules-installer-option": "--no-index",
        "--extra-py-files": f"{job.release}/delta.zip",
        "--extra-jars": ",".join(job.connectors()),
        "--datalake-formats": "delta",
        # Glue takes one --conf; it has the others behind it, each with its own.
        "--conf": " --conf ".join(f"{key}={value}" for key, value in properties.items()),
    }
    definition = {
        "Role": at.role,
        "Command": {
            "Name": "gluestreaming" if job.lasting else "glueetl",
            "ScriptLocation": job.script,
            "PythonVersion": "3",
        },
        "GlueVersion": GLUE_RELEASE,
        "WorkerType": at.glue_worker,
        "NumberOfWorkers": at.glue_workers,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},  # one writer per table
        "DefaultArguments": defaults,
    }
    start = {"JobName": name, "Arguments": pairs(job.arguments)}
    return Request("glue", "create_job", {"Name": name, **definition}), Request("glue", "start_job_run", start)


PLACES: Mapping[str, Callable[[Job, Submit], tuple[Request, ...]]] = {
    "emr": lambda job, at: (emr(job, at),),
    "emr-serverless": lambda job, at: (serverless(job, at),),
    "glue": glue,
}


def pairs(words: Sequence[str]) -> dict[str, str]:
    """Say arguments as Glue does, each with a value: a flag's is `true`, which `mart.job.arguments` leaves out."""
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name, found[word] = word, "true"
        else:
            found[name] = word
    return found


def _set(**wanted: str) -> None:
    if missing := [name for name, value in wanted.items() if not value]:
        raise SubmitError(f"the settings lack {', '.join(f'submit.{name}' for name in missing)}")
