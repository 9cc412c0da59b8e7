"""CloudWatch: put figures, and alarms on them.

In: figures as `Datum`, alarms as the requests of put_metric_alarm. Out: CloudWatch's word, or a `CloudWatchError` that says what to do.
Passing faults are retried by the client itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws

AT_ONCE = 500  # figures of one request: CloudWatch takes 1,000, and 1 MB
UNITS = {"seconds": "Seconds", "records": "Count", "bytes": "Bytes", "share": "None", "1": "None"}

T = TypeVar("T")


class CloudWatchError(RuntimeError):
    """CloudWatch did not take what it was given; the message says what to do."""


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

    def __init__(self, aws: Aws) -> None:
        patience = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=20)
        self._client: Any = boto3.client(
            "cloudwatch", region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience
        )

    def put(self, namespace: str, data: Iterable[Datum], at: datetime) -> int:
        """Put figures of one instant; return their number. Raises CloudWatchError."""
        sent = 0
        for part in _parts((datum.entry(at) for datum in data), AT_ONCE):
            self._ask("put_metric_data", Namespace=namespace, MetricData=part)
            sent += len(part)
        return sent

    def put_alarms(self, alarms: Iterable[Mapping[str, Any]]) -> None:
        """Make alarms, or make them as they are given. Raises CloudWatchError."""
        for alarm in alarms:
            self._ask("put_metric_alarm", **alarm)

    def _ask(self, operation: str, **call: Any) -> None:  # noqa: ANN401 whatever the operation takes
        try:
            getattr(self._client, operation)(**call)
        except ClientError as error:
            said = error.response.get("Error", {})
            raise CloudWatchError(
                f"CloudWatch: {operation}: {said.get('Code')}: {said.get('Message')}: check the rights (cloudwatch:PutMetricData)"
            ) from None
        except BotoCoreError as error:
            raise CloudWatchError(
                f"CloudWatch: {operation}: {error}: check the credentials and the aws section"
            ) from None


def _parts(things: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    left = iter(things)
    while part := list(islice(left, size)):
        yield part
