"""A dashboard of Grafana from the declarations: a row for each theme, a panel for each metric, thresholds where alarms are."""

from typing import Any

from mart.watch.metric import Metric
from mart.watch.metrics import METRICS

UNITS = {"seconds": "s", "records": "short", "bytes": "bytes", "share": "percentunit", "1": "short"}
WIDTH, HEIGHT = 8, 8  # of a panel, in Grafana's grid of 24 columns
SOURCE = {"type": "prometheus", "uid": "${source}"}

Document = dict[str, Any]


def dashboard() -> Document:
    """Give the dashboard as Grafana imports it; it asks for the Prometheus to read."""
    shown = [metric for metric in METRICS if metric.by != "function"]
    panels: list[Document] = []
    y = 0
    for theme in dict.fromkeys(metric.theme for metric in shown):
        there = [metric for metric in shown if metric.theme == theme]
        panels.append({"type": "row", "title": theme, "collapsed": False, "panels": [], "gridPos": _place(0, y, 24, 1)})
        for number, metric in enumerate(there):
            row, column = divmod(number, 24 // WIDTH)
            panels.append(_panel(metric) | {"gridPos": _place(column * WIDTH, y + 1 + row * HEIGHT, WIDTH, HEIGHT)})
        y += 1 + HEIGHT * -(-len(there) // (24 // WIDTH))
    return {
        "title": "Product-Mart",
        "uid": "product-mart",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [panel | {"id": number} for number, panel in enumerate(panels, start=1)],
    }


def query(metric: Metric) -> str:
    """Ask Prometheus for a metric: of counters the rate, of histograms what 99 of 100 stay below."""
    if metric.kind == "histogram":
        by = ", ".join(("le", *(label for label in metric.labels if label == "route")))
        return f"histogram_quantile(0.99, sum by ({by}) (rate({metric.name}_bucket[5m])))"
    if metric.kind == "counter":
        by = f" by ({', '.join(metric.labels)})" if metric.labels else ""
        return f"sum{by} (rate({metric.exposed}[5m]))"
    return metric.name


def _panel(metric: Metric) -> Document:
    legend = " ".join(f"{{{{{label}}}}}" for label in metric.labels if metric.kind != "histogram" or label == "route")
    defaults: Document = {"unit": "ops" if metric.kind == "counter" else UNITS[metric.unit]}
    if alarm := metric.alarm:
        good, bad = ("red", "green") if alarm.below else ("green", "red")
        steps = [{"color": good, "value": None}, {"color": bad, "value": alarm.threshold}]
        defaults |= {
            "thresholds": {"mode": "absolute", "steps": steps},
            "custom": {"thresholdsStyle": {"mode": "line"}},
        }
    return {
        "type": "timeseries",
        "title": metric.name,
        "description": metric.doc,
        "datasource": SOURCE,
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": query(metric), "legendFormat": legend or metric.name}],
        "fieldConfig": {"defaults": defaults, "overrides": []},
    }


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}
