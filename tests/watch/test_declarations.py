"""What is made from the declarations is fresh, whole, and taken by whom it is for."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mart.watch import cloudwatch, grafana
from mart.watch.__main__ import PAGES
from mart.watch.metric import Metric
from mart.watch.metrics import ALARMS, METRICS
from mart.watch.notices import MARKET

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_what_is_made_from_the_declarations_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text() == PAGES[name](), "it is not: run `make watch-pages`"


@pytest.mark.parametrize("name", [*ALARMS, MARKET])
def test_every_alert_has_its_section_of_the_runbook(name: str) -> None:
    section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section, f"docs/runbook.md lacks a section ## {name}"
    missing = [word for word in ("Means", "Look", "Do", "Helped") if f"**{word}**" not in section[1]]
    assert not missing, f"## {name} does not say {', '.join(missing)}"


def test_the_runbook_has_no_section_of_an_alarm_that_there_is_not() -> None:
    assert set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)) == {*ALARMS, MARKET}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_says_what_it_is(metric: Metric) -> None:
    assert re.fullmatch(r"mart_[a-z_]+", metric.name)
    assert metric.doc.endswith(".")
    if metric.unit in ("seconds", "bytes"):
        assert metric.name.endswith(f"_{metric.unit}"), "Prometheus' names end with the unit"
    if metric.alarm:
        words = {"value": "1", "threshold": "2", **dict.fromkeys(metric.labels, "x")}
        assert metric.alarm.says.format(**words), "the sentence names labels that the metric has"


def test_no_two_metrics_and_no_two_alarms_share_a_name() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len(ALARMS) == sum(metric.alarm is not None for metric in METRICS)


def test_the_template_is_taken_by_cfn_lint() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(ROOT / "aws" / "watch-alarms.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_template_has_the_alarms_that_boto3_puts() -> None:
    resources = yaml.safe_load((ROOT / "aws" / "watch-alarms.yaml").read_text())["Resources"].values()
    made = {
        one["Properties"]["MetricName"]: one["Properties"]
        for one in resources
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }
    put = {one["MetricName"]: one for one in cloudwatch.alarms("ProductMart", {}, "the topic")}
    assert made.keys() == put.keys() == {metric.name for metric, _ in ALARMS.values()}
    own = ("AlarmName", "Namespace", "AlarmActions", "OKActions")
    for name, properties in made.items():
        assert {k: v for k, v in properties.items() if k not in own} == {
            k: v for k, v in put[name].items() if k not in own
        }
        assert (properties["AlarmActions"], properties["OKActions"]) == (
            [{"Ref": "AlertsTopic"}],
            [{"Ref": "AlertsTopic"}],
        )


def test_both_dashboards_show_every_metric_that_reaches_them() -> None:
    panels = grafana.dashboard()["panels"]
    assert {one["title"] for one in panels if one["type"] == "timeseries"} == {
        m.name for m in METRICS if m.by != "function"
    }
    widgets = cloudwatch.dashboard()["widgets"]
    shown = {one["properties"]["title"] for one in widgets if one["type"] == "metric"}
    assert shown == {m.name for m in METRICS if m.by != "service"}
    for one in (
        *({"p": p["gridPos"]["x"], "w": p["gridPos"]["w"]} for p in panels),
        *({"p": w["x"], "w": w["width"]} for w in widgets),
    ):
        assert one["p"] + one["w"] <= 24, "the grid has 24 columns"


def test_grafana_asks_for_names_that_are_exposed() -> None:
    text = json.dumps(grafana.dashboard())
    exposed = {name for m in METRICS for name in (m.exposed, f"{m.name}_bucket")}
    asked = set(re.findall(r'"expr": "[^"]*?(mart_[a-z_]+)', text))
    assert asked <= exposed
    assert len(asked) == sum(m.by != "function" for m in METRICS)


def test_prometheus_reads_what_is_shown() -> None:
    from prometheus_client import generate_latest

    from mart.watch.exporting import Exposition
    from mart.watch.metrics import LANDED, MODEL_GATE

    exposition = Exposition()
    exposition.show([LANDED.at(3, table="landing.activity", outcome="event"), MODEL_GATE.at(1)])
    families = {one.name: one for one in text_string_to_metric_families(generate_latest(exposition.registry).decode())}
    assert families["mart_landed_records"].type == "counter"
    [landed] = families["mart_landed_records"].samples
    assert (landed.name, landed.labels, landed.value) == (
        "mart_landed_records_total", {"table": "landing.activity", "outcome": "event"}, 3,
    )  # fmt: skip
    assert families["mart_model_gate"].samples[0].value == 1
