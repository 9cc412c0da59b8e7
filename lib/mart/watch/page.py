"""docs/metrics.md from the declarations."""

from mart.watch.alarms import duration, figure
from mart.watch.metric import Metric
from mart.watch.metrics import METRICS

HEAD = """# Metrics

Made from [lib/mart/watch/metrics.py](../lib/mart/watch/metrics.py) by `make watch-pages`. Counters end in `_total` in Prometheus. In CloudWatch labels are
dimensions, and a metric with an alarm is there once more without any, as its worst value. What an alarm means and what to do: [runbook](runbook.md).
"""
BY = {
    "watch": "Shown by `mart watch`.",
    "service": "Shown by `/metrics` of `mart serve` itself.",
    "function": "Written by Lambda functions into their logs (CloudWatch embedded metric format); CloudWatch alone has them.",
}


def markdown() -> str:
    """Write the page: a section for each theme."""
    parts = [HEAD]
    for theme in dict.fromkeys(metric.theme for metric in METRICS):
        there = [metric for metric in METRICS if metric.theme == theme]
        said = " ".join(BY[by] for by in dict.fromkeys(metric.by for metric in there))
        lines = ["| metric | labels | unit | what it is | alarm |", "|---|---|---|---|---|", *map(_row, there)]
        parts.append(f"\n## {theme}\n\n{said}\n\n" + "\n".join(lines) + "\n")
    return "".join(parts)


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    kind = "" if metric.kind == "gauge" else f" ({metric.kind})"
    return f"| `{metric.exposed}` | {labels} | {metric.unit}{kind} | {metric.doc} | {_alarm(metric)} |"


def _alarm(metric: Metric) -> str:
    if metric.alarm is None:
        return ""
    alarm = metric.alarm
    lasting = f" for {duration(alarm.seconds)}" if alarm.seconds else ""
    side = "below" if alarm.below else "above"
    return f"[{alarm.name}](runbook.md#{alarm.name}): {side} {figure(alarm.threshold, metric.unit)}{lasting}, {alarm.severity}"
