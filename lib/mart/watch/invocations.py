"""What a Lambda function counts of itself: a line of its log in CloudWatch's embedded metric format, which needs no call and no right.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import functools
import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mart.watch.metric import Sample
from mart.watch.metrics import INVOCATION_ERRORS, INVOCATION_SECONDS, INVOCATIONS

NAMESPACE = "MART_WATCH__NAMESPACE"  # the settings' variable: an invocation that can't read its settings counts, too
ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"
UNITS = {"seconds": "Seconds", "1": "Count"}

Event = TypeVar("Event")
Context = TypeVar("Context")
Answer = TypeVar("Answer")
Handler = Callable[[Event, Context], Answer]


def counted(function: str) -> Callable[[Handler[Event, Context, Answer]], Handler[Event, Context, Answer]]:
    """Let a handler count its calls, those that raised, and how long they took."""

    def around(handler: Handler[Event, Context, Answer]) -> Handler[Event, Context, Answer]:
        @functools.wraps(handler)
        def handle(event: Event, context: Context) -> Answer:
            began, failed = time.monotonic(), 1
            try:
                answer = handler(event, context)
                failed = 0
            finally:
                if ON_LAMBDA in os.environ:  # elsewhere stdout is for results
                    print(
                        line(_samples(function, failed, time.monotonic() - began), int(time.time() * 1000)), flush=True
                    )
            return answer

        return handle

    return around


def line(samples: Sequence[Sample], at: int) -> str:
    """Write samples of one set of labels as a log line; CloudWatch keeps them with their labels, and without. `at`: ms since 1970."""
    declared = [{"Name": one.metric.name, "Unit": UNITS[one.metric.unit]} for one in samples]
    names = list(samples[0].named)
    namespace = os.environ.get(NAMESPACE, "ProductMart")
    directive = {"Namespace": namespace, "Dimensions": [names, []], "Metrics": declared}
    document: dict[str, Any] = {"_aws": {"Timestamp": at, "CloudWatchMetrics": [directive]}}
    return json.dumps(document | dict(samples[0].named) | {one.metric.name: one.value for one in samples})


def _samples(function: str, failed: int, seconds: float) -> list[Sample]:
    return [
        INVOCATIONS.at(1, function=function),
        INVOCATION_ERRORS.at(failed, function=function),
        INVOCATION_SECONDS.at(round(seconds, 6), function=function),
    ]
