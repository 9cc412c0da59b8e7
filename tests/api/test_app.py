"""What is true of every answer; how the service says that it is well; and the command that starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY

import mart
from mart.api.app import app
from mart.cli import main
from mart.local import ports
from mart.local.http import DIRECT
from mart.settings import Settings
from tests.api.collecting import PUBLIC, SHOP, Client, Standin
from tests.api.test_keys import Sink

HERE = (("127.0.0.1", 50_000), "http://127.0.0.1:8000")
VIEW = {"event_type": "view", "session_id": "s1", "product_id": "p1"}


class Broken(Standin):
    """An engine with a defect."""

    def last_click(self, *_: Any) -> None:  # noqa: ANN401
        raise KeyError("secret-9999")


@pytest.fixture
def engine() -> Standin:
    return Standin()


@pytest.fixture
def client(engine: Standin) -> Iterator[Client]:
    with Client(app(Settings(), engine, Sink()), *HERE) as client:
        yield client


def seconds(**labels: str) -> float:
    return REGISTRY.get_sample_value("mart_request_seconds_count", labels) or 0


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nowhere", 404, "openapi.json lists what there is"),
        ("GET", "/events", 405, "openapi.json lists what there is"),
        ("GET", "/users/u1/recommendations?n=0&min_price=x", 422, "n: Input should be greater than or equal to 1; min_price: "),
        ("POST", "/recommendations", 422, "body: Field required"),
    ],
)  # fmt: skip
def test_an_error_is_one_sentence_as_json(client: Client, method: str, path: str, status: int, says: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert says in answer.json()["error"]


def test_a_defect_is_a_500_that_tells_no_secret() -> None:
    with Client(app(Settings(), Broken(), Sink()), *HERE) as client:
        answer = client.post("/events", json=VIEW | {"event_type": "purchase"})
    assert (answer.status_code, "secret-9999" in answer.text) == (500, False)
    assert answer.json() == {"error": "this is a defect of the service: its log says more"}


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/tracker.js", "/openapi.json"])
def test_every_answer_carries_the_headers_that_browsers_heed(client: Client, path: str) -> None:
    found = client.get(path).headers
    assert found["x-content-type-options"] == "nosniff"
    assert found["x-frame-options"] == "DENY"
    assert found["referrer-policy"] == "no-referrer"
    assert found["content-security-policy"].startswith("default-src 'none'")
    assert found["cache-control"] == ("public, max-age=3600" if path == "/tracker.js" else "no-store")


def test_health_and_readiness_are_two_things(client: Client, engine: Standin) -> None:
    assert client.get("/health").json() == {"status": "ok", "version": mart.__version__}
    assert client.get("/ready").json() == {"ready": True, "recommendations": [], "collector": []}
    engine.missing = ["there is no champion: run `mart run batch/train_als`"]
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["recommendations"]) == (503, engine.missing)
    assert client.get("/health").status_code == 200


def test_requests_are_timed_by_route_and_events_counted_by_outcome(client: Client) -> None:
    label = {"method": "POST", "route": "/events", "status": "202"}
    before, strange = seconds(**label), seconds(method="(any)", route="(none)", status="404")
    refused = REGISTRY.get_sample_value("mart_events_total", {"outcome": "missing_field"}) or 0
    client.post("/events", json=[VIEW, {"event_type": "view"}])
    client.request("BREW", "/nowhere/77")
    told = client.get("/metrics").text
    assert seconds(**label) == before + 1
    assert seconds(method="(any)", route="(none)", status="404") == strange + 1
    assert f'mart_events_total{{outcome="missing_field"}} {refused + 1}' in told
    assert "mart_events_waiting 0.0" in told
    assert "77" not in re.findall(r'route="([^"]*)"', told)


def test_the_openapi_document_has_examples_and_says_where_keys_stand(client: Client) -> None:
    told = client.get("/openapi.json").json()
    sent = told["paths"]["/events"]["post"]
    assert set(sent["requestBody"]["content"]) == {"application/json", "text/plain"}
    examples = sent["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert client.post("/events", json=example["value"]).json()["refused"] == 0
    schemes = told["components"]["securitySchemes"]
    where = {name: (one.get("in"), one.get("name") or one.get("scheme")) for name, one in schemes.items()}
    assert set(where.values()) == {("header", "X-Api-Key"), (None, "bearer"), ("query", "key")}
    assert {name for ways in sent["security"] for name in ways} == set(where)


class Serving:
    """`mart serve` in a process of its own."""

    def __init__(self, home: Path, *words: str) -> None:
        program = "from mart.cli.serve import serve; serve()"
        command = [sys.executable, "-c", program, "--home", str(home), *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    def end(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def test_the_command_serves_until_told_to_stop_and_logs_no_key(tmp_path: Path) -> None:
    port = ports.free(tmp_path)
    file = tmp_path / "settings.toml"
    file.write_text(f'[api.keys.shop]\nkey = "{PUBLIC}"\nscopes = ["collect"]\norigins = ["{SHOP}"]\n')
    serving = Serving(tmp_path, "--port", str(port), "--settings", str(file))
    deadline, url = time.monotonic() + 120, f"http://127.0.0.1:{port}"
    while not ports.answers(port):
        assert serving.process.poll() is None, serving.process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    request = urllib.request.Request(f"{url}/events?key={PUBLIC}", json.dumps(VIEW).encode(), {"Origin": SHOP})
    with pytest.raises(urllib.error.HTTPError) as told:
        DIRECT.open(request, timeout=10)
    assert told.value.code == 429  # there is no broker
    taken = CliRunner().invoke(main, ["serve", "--port", str(port), "--home", str(tmp_path), "--settings", str(file)])
    assert taken.exit_code == 1
    assert f"can't listen at 127.0.0.1:{port} (Address already in use): choose another by --port" in taken.output
    code, out, err = serving.end(signal.SIGTERM)
    assert (code, out) == (0, "")
    assert url in err
    assert "POST /events HTTP/1.1" in err
    assert PUBLIC not in err


def test_the_service_starts_where_there_is_no_spark() -> None:
    blocked = "import sys; sys.modules['pyspark'] = None; import mart.api.app, mart.cli.serve"
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
