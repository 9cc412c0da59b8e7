"""CloudWatch: put figures, and alarms on them.

In: figures as `Datum`, alarms as the requests of put_metric_alarm. Out: CloudWatch's word, or an `AwsError` that says what to do.
Passing faults are retried by the client itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mart.edges import aws
from mart.settings import Aws

AT_ONCE = 500  # figures of one request: CloudWatch takes 1,000, and 1 MB
UNITS = {"seconds": "Seconds", "records": "Count", "bytes": "Bytes", "share": "None", "1": "None"}


@dataclass(frozen=True)
class Datum:
    """A figure with its dimensions."""

    name: str
    value: float
    unit: str  # as our metrics have it
    dimensions: Mapping[str, str]

    def entry(self, at: datetime) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value} for name, value in sorted(self.dimensions.items())]
        return {
            "MetricName": self.name,
            "Value": self.value,
            "Unit": UNITS[self.unit],
            "Timestamp": at,
            "Dimensions": dimensions,
        }


class CloudWatch:
    """CloudWatch of the settings' region."""

    def __init__(self, at: Aws) -> None:
        self._client = aws.client("cloudwatch", at, timeouts=(5, 20))  # the next look at all tables waits for it

    def put(self, namespace: str, data: Iterable[Datum], at: datetime) -> int:
        """Put figures of one instant; return their number. Raises AwsError."""
        sent = 0
        for part in aws.lots((datum.entry(at) for datum in data), AT_ONCE):
            aws.ask(self._client, "put_metric_data", Namespace=namespace, MetricData=part)
            sent += len(part)
        return sent

    def put_alarms(self, alarms: Iterable[Mapping[str, Any]]) -> None:
        """Make alarms, or make them as they are given. Raises AwsError."""
        for alarm in alarms:
            aws.ask(self._client, "put_metric_alarm", **alarm)
