"""The declarations in the words of CloudWatch: figures, alarms, a dashboard, and the template of a stack that makes them.

An alarm of CloudWatch looks at one figure with fixed dimensions, so each metric with an alarm is put once more without any, as
its worst value.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mart.edges.cloudwatch import Datum
from mart.watch.alarms import figure, threshold
from mart.watch.metric import Alarm, Metric, Sample, worst
from mart.watch.metrics import ALARMS, METRICS

PERIOD = 60  # seconds
WIDTH, HEIGHT = 8, 6  # of a widget, in CloudWatch's grid of 24 columns
NAMESPACE = "ProductMart"

Document = dict[str, Any]


def data(samples: Iterable[Sample]) -> Iterator[Datum]:
    """Give each sample with its labels as dimensions, and for an alarm the worst one without any."""
    seen = list(samples)
    for sample in (*seen, *worst(seen)):
        yield Datum(sample.metric.name, sample.value, sample.metric.unit, sample.named)


def alarms(namespace: str, thresholds: Mapping[str, float], topic: str = "") -> list[Document]:
    """Give the requests of put_metric_alarm; with a topic of SNS, whom they tell."""
    actions = {"AlarmActions": [topic], "OKActions": [topic]} if topic else {}
    return [_alarm(metric, alarm, namespace, thresholds) | actions for metric, alarm in ALARMS.values()]


def _alarm(metric: Metric, alarm: Alarm, namespace: str, thresholds: Mapping[str, float]) -> Document:
    limit = threshold(alarm, thresholds)
    return {  # without a unit: a figure of another unit than the alarm's would not count
        "AlarmName": f"{namespace}-{alarm.name}",
        "AlarmDescription": f"{metric.doc} {alarm.severity.capitalize()} at {figure(limit, metric.unit)}: docs/runbook.md#{alarm.name}.",
        "Namespace": namespace,
        "MetricName": metric.name,
        "Statistic": "Minimum" if alarm.below else "Sum" if metric.by == "function" else "Maximum",
        "ComparisonOperator": "LessThanThreshold" if alarm.below else "GreaterThanThreshold",
        "Threshold": float(limit),
        "Period": PERIOD,
        "EvaluationPeriods": max(1, alarm.seconds // PERIOD),
        "TreatMissingData": "breaching"
        if alarm.silence_is_bad
        else "notBreaching"
        if metric.by == "function"
        else "ignore",
    }


def dashboard(namespace: str = NAMESPACE) -> Document:
    """Give the body of a dashboard: a row of widgets for each theme, a line for each set of labels."""
    widgets: list[Document] = []
    y = 0
    for theme in dict.fromkeys(metric.theme for metric in _shown()):
        widgets.append(
            {"type": "text", "x": 0, "y": y, "width": 24, "height": 1, "properties": {"markdown": f"## {theme}"}}
        )
        there = [metric for metric in _shown() if metric.theme == theme]
        for number, metric in enumerate(there):
            row, column = divmod(number, 24 // WIDTH)
            place = {"x": column * WIDTH, "y": y + 1 + row * HEIGHT, "width": WIDTH, "height": HEIGHT}
            widgets.append({"type": "metric", **place, "properties": _properties(metric, namespace)})
        y += 1 + HEIGHT * -(-len(there) // (24 // WIDTH))
    return {"widgets": widgets}


def _shown() -> list[Metric]:
    """Name what reaches CloudWatch: the service's own counters do not, but for its latency."""
    return [metric for metric in METRICS if metric.by != "service"]


def _properties(metric: Metric, namespace: str) -> Document:
    schema = ",".join((namespace, *metric.labels))
    search = f"SEARCH('{{{schema}}} MetricName=\"{metric.name}\"', 'Maximum', {PERIOD})"
    expression = f"RATE({search})" if metric.kind == "counter" else search
    limits = [{"label": metric.alarm.name, "value": metric.alarm.threshold}] if metric.alarm else []
    unit = f"{metric.unit}/s" if metric.kind == "counter" else metric.unit
    return {
        "title": metric.name,
        "view": "timeSeries",
        "region": "${AWS::Region}",
        "metrics": [[{"expression": expression, "label": "", "id": "e1"}]],
        "yAxis": {"left": {"label": unit, "showUnits": False}},
        **({"annotations": {"horizontal": limits}} if limits else {}),
    }


def template() -> Document:
    """Give the CloudFormation template of the alarms and the dashboard."""
    body = json.dumps(dashboard("${Name}"))
    resources: Document = {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": {"Ref": "Name"}, "DashboardBody": {"Fn::Sub": body}},
        }
    }
    for name, (metric, alarm) in ALARMS.items():
        properties = _alarm(metric, alarm, NAMESPACE, {}) | {
            "AlarmName": {"Fn::Sub": f"${{Name}}-{name}"},
            "Namespace": {"Ref": "Name"},
            "AlarmActions": [{"Ref": "AlertsTopic"}],
            "OKActions": [{"Ref": "AlertsTopic"}],
        }
        resources[f"{name.title().replace('-', '')}Alarm"] = {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": properties,
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Product-Mart: alarms and dashboard, made from lib/mart/watch/metrics.py by `python -m mart.watch`",
        "Parameters": {
            "Name": _parameter("Begins the names of everything in an environment; namespace of its metrics."),
            "AlertsTopic": _parameter("ARN of the SNS topic that alarms tell."),
        },
        "Resources": resources,
    }


def _parameter(description: str) -> Document:
    return {"Type": "String", "Description": description}
