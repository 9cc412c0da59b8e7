"""Steps of a cluster of EMR.

In: a step, as boto3 has it. Out: its id, how it is, the end of its driver's log, which comes to S3 some minutes late.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mart.edges import aws
from mart.edges.objects import Objects
from mart.edges.runs import State, last
from mart.settings import Aws


class Steps:
    """Steps of a cluster of EMR."""

    def __init__(self, at: Aws, cluster: str) -> None:
        self._emr, self._objects, self._cluster = aws.client("emr", at), Objects(at), cluster

    def send(self, arguments: Mapping[str, Any]) -> str:
        """Add a step. Raises AwsError."""
        return str(aws.ask(self._emr, "add_job_flow_steps", **arguments)["StepIds"][0])

    def look(self, run: str) -> State:
        status = aws.ask(self._emr, "describe_step", ClusterId=self._cluster, StepId=run)["Step"]["Status"]
        word, failure = status["State"], status.get("FailureDetails", {})
        ended = word in ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")
        return State(word, ended, word == "COMPLETED", failure.get("Message") or failure.get("Reason") or "")

    def log(self, run: str) -> list[str]:
        """In cluster mode the step tells of an application, and the driver speaks in its first container."""
        cluster = aws.ask(self._emr, "describe_cluster", ClusterId=self._cluster)["Cluster"]
        if not (place := cluster.get("LogUri", "")):
            return []
        below = f"{re.sub('^s3[an]:', 's3:', place).rstrip('/')}/{self._cluster}"
        told = list(self._objects.log(f"{below}/steps/{run}/stderr.gz"))
        driver = self._driver(below, told)
        return last(driver or told)

    def _driver(self, below: str, told: Iterable[str]) -> list[str]:
        named = re.search(r"application_\d+_\d+", "\n".join(told))
        if named is None:
            return []
        containers = f"{below}/containers/{named[0]}"
        found = sorted(name for name in self._objects.sizes(containers) if name.endswith("_000001/stderr.gz"))
        return [line for name in found for line in self._objects.log(f"{containers}/{name}")]
