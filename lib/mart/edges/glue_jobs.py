"""Jobs of AWS Glue, and their runs.

In: a job's definition and a run, as boto3 has them. Out: the run's id, how it is, the end of what it wrote on stderr.
"""

from collections.abc import Mapping
from typing import Any

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.edges.runs import LINES, State, last
from mart.settings import Aws


class GlueRuns:
    """Runs of a Glue job."""

    GROUP = "/aws-glue/jobs/error"  # what a job writes on stderr

    def __init__(self, at: Aws, name: str) -> None:
        self._glue, self._logs, self._name = aws.client("glue", at), aws.client("logs", at), name

    def define(self, wanted: Mapping[str, Any]) -> None:
        """Create the job, or bring it to what is wanted. Raises AwsError."""
        try:
            aws.ask(self._glue, "create_job", **wanted)
        except AwsError as error:
            if error.code not in ("AlreadyExistsException", "IdempotentParameterMismatchException"):
                raise
            changed = {key: value for key, value in wanted.items() if key != "Name"}
            aws.ask(self._glue, "update_job", JobName=self._name, JobUpdate=changed)

    def send(self, arguments: Mapping[str, Any]) -> str:
        """Start a run. Raises AwsError."""
        return str(aws.ask(self._glue, "start_job_run", **arguments)["JobRunId"])

    def look(self, run: str) -> State:
        found = aws.ask(self._glue, "get_job_run", JobName=self._name, RunId=run)["JobRun"]
        word = found["JobRunState"]
        ended = word in ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")
        return State(word, ended, word == "SUCCEEDED", found.get("ErrorMessage") or "")

    def log(self, run: str) -> list[str]:
        try:
            told = aws.ask(self._logs, "get_log_events", logGroupName=self.GROUP, logStreamName=run, limit=LINES)
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                return []
            raise
        return last(line for event in told["events"] for line in event["message"].splitlines())
