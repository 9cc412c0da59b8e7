"""Job runs of an application of EMR Serverless.

In: a run, as boto3 has it. Out: its id, how it is, the end of its driver's log, where it was given a place for it.
"""

from collections.abc import Mapping
from typing import Any

from mart.edges import aws
from mart.edges.objects import Objects
from mart.edges.runs import State, last
from mart.settings import Aws


class JobRuns:
    """Job runs of an application of EMR Serverless."""

    def __init__(self, at: Aws, application: str) -> None:
        self._serverless, self._objects = aws.client("emr-serverless", at), Objects(at)
        self._application = application

    def send(self, arguments: Mapping[str, Any]) -> str:
        """Start a run. Raises AwsError."""
        return str(aws.ask(self._serverless, "start_job_run", **arguments)["jobRunId"])

    def look(self, run: str) -> State:
        found = self._run(run)
        word = found["state"]
        return State(
            word, word in ("SUCCESS", "FAILED", "CANCELLED"), word == "SUCCESS", found.get("stateDetails") or ""
        )

    def log(self, run: str) -> list[str]:
        monitoring = self._run(run).get("configurationOverrides", {}).get("monitoringConfiguration", {})
        if not (place := monitoring.get("s3MonitoringConfiguration", {}).get("logUri")):
            return []
        below = f"{place.rstrip('/')}/applications/{self._application}/jobs/{run}"
        found = sorted(name for name in self._objects.sizes(below) if name.endswith("SPARK_DRIVER/stderr.gz"))
        return last(line for name in found[-1:] for line in self._objects.log(f"{below}/{name}"))

    def _run(self, run: str) -> dict[str, Any]:
        answer = aws.ask(self._serverless, "get_job_run", applicationId=self._application, jobRunId=run)
        found: dict[str, Any] = answer["jobRun"]
        return found
