"""`mart watch` and `mart status` as they are typed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from mart.cli import main
from mart.settings import Settings
from tests.receivers import OK, slack
from tests.watch import tables

MART = Path(sys.executable).with_name("mart")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(home=tmp_path)


def mart(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--home", str(settings.home)])


def test_one_look_prints_one_document_and_says_by_its_exit_code_whether_all_is_well(settings: Settings) -> None:
    tables.land(settings, 0, 200)
    done = mart(settings, "watch", "--once", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["alarms"]) == (0, [])
    found = {(one["metric"], one["labels"].get("outcome")): one["value"] for one in told["metrics"]}
    assert found["mart_landed_records_total", "event"] == 200
    tables.land(settings, 200, 100, "bad_type")
    done = mart(settings, "watch", "--once", "--json")
    [alarm] = json.loads(done.stdout)["alarms"]
    assert (done.exit_code, alarm["alarm"], alarm["labels"]) == (1, "rejects", {"table": "landing.activity"})
    shown = mart(settings, "watch", "--once").stdout
    assert "mart_reject_share" in shown
    assert "rejects" in shown


def test_status_shows_figures_and_alarms_and_tells_nobody(settings: Settings) -> None:
    tables.land(settings, 0, 100, "bad_type")
    before = json.loads(mart(settings, "status", "--json").stdout)
    assert before["alarms"] == []
    assert {"metric": "mart_reject_share", "labels": {"table": "landing.activity"}, "value": 1.0} in before["metrics"]
    mart(settings, "watch", "--once")
    [alarm] = json.loads(mart(settings, "status", "--json").stdout)["alarms"]
    assert alarm["alarm"] == "rejects"
    assert "100.0%" in mart(settings, "status").stdout


@pytest.mark.usefixtures("credentials")
def test_a_lake_that_is_away_is_told_in_a_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MART_LAKE", "s3a://lake/all")
    monkeypatch.setenv("MART_AWS__ENDPOINT_URL", "http://127.0.0.1:9")  # the discard port: nobody listens
    done = mart(settings, "watch", "--once")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: the lake at s3a://lake/all can't be read or written: ")
    assert len(done.stderr.splitlines()) == 1


def test_wrong_usage_is_told_in_a_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["--json"], ["--once", "--serve", "0"]):
        assert mart(settings, "watch", *words).exit_code == 2
    assert mart(settings, "status", "--watch", "--json").exit_code == 2
    monkeypatch.setenv("MART_WATCH__THRESHOLDS", '{"fresh": 1}')
    done = mart(settings, "watch", "--once")
    assert done.exit_code == 2
    assert "watch.thresholds: no such alarm: fresh. There are: rejects, ledger, freshness" in done.stderr
    monkeypatch.setenv("MART_WATCH__THRESHOLDS", "{}")
    monkeypatch.setenv("MART_ALERTS__ROUTES", '{"night": {"to": ["sns"]}}')
    done = mart(settings, "watch", "--once")
    assert (done.exit_code, "alerts.routes.night leads nowhere" in done.stderr) == (2, True)


def test_it_serves_prometheus_tells_slack_and_ends_when_asked(settings: Settings) -> None:
    tables.land(settings, 0, 200, "bad_type")
    with slack(OK) as workspace:
        webhook = workspace.alerts().slack.webhook.get_secret_value()
        variables = {"MART_ALERTS__SLACK__WEBHOOK": webhook, "MART_WATCH__SECONDS": "0.2"}
        words = [str(MART), "watch", "--serve", "0", "--home", str(settings.home)]
        child = subprocess.Popen(words, env=os.environ | variables, stderr=subprocess.PIPE, text=True)
        try:
            assert child.stderr
            address = child.stderr.readline().strip()
            until = time.monotonic() + 60
            while not workspace.posted:
                assert time.monotonic() < until
                time.sleep(0.1)
            with urllib.request.urlopen(address, timeout=10) as answer:
                families = {one.name: one for one in text_string_to_metric_families(answer.read().decode())}
            child.send_signal(signal.SIGTERM)
            _, said = child.communicate(timeout=60)
        finally:
            child.kill()
    assert (child.returncode, said.strip()) == (0, "raised: rejects landing.activity")
    assert families["mart_reject_share"].samples[0].value == 1
    assert ["rejects (landing.activity)" in one["text"] for one in workspace.posted] == [True]
    assert webhook not in (settings.home / "lake" / "ops" / "watch.json").read_text()
