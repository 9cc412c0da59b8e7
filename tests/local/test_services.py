"""Local services: real processes, started, killed and found again."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import snowflake.connector

from mart.edges import kafka, producing
from mart.local import ports, processes
from mart.local import services as local
from mart.settings import Settings

AWS = next(service for service in local.SERVICES if service.name == "aws")  # the quickest to start


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own, left without processes."""
    yield tmp_path / "home"
    local.down(tmp_path / "home")


def test_up_leaves_settings_topics_and_a_key_that_nobody_else_reads(services: Settings) -> None:
    assert kafka.topics(services.kafka.brokers).items() >= kafka.wanted(services.kafka).items()
    assert services.snowflake.private_key_file is not None
    assert stat.S_IMODE(services.snowflake.private_key_file.stat().st_mode) == 0o600
    assert _snowflake(services, "select current_database()") == [("PRODUCT_MART",)]
    assert _ask(f"{services.mlflow.tracking_uri}/health") == b"OK"
    assert b"ListAllMyBucketsResult" in _ask(f"{services.aws.endpoint_url}/")


@pytest.mark.usefixtures("services")
def test_a_second_up_is_harmless_also_two_at_once(home: Path) -> None:
    before = {one.name: one.pid for one in local.status(home)}
    both = [_python(f"local.up(Path({str(home)!r}))") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    after = local.status(home)
    assert [one.state for one in after] == ["up"] * len(local.SERVICES)
    assert {one.name: one.pid for one in after} == before


def test_mlflow_answers_its_first_clients_though_they_come_at_once(own: Path) -> None:
    """Two that ask different stores first once made its tables at the same time, and one of them failed."""
    calls = ("experiments/get?experiment_id=0", "registered-models/search")
    started = threading.Thread(target=local.up, args=(own, ["mlflow"]))
    started.start()
    _until(lambda: (own / "ports.json").exists())
    url = f"http://127.0.0.1:{ports.recorded(own)['mlflow']}"
    _until(lambda: ports.answers(ports.recorded(own)["mlflow"]), 60)
    with ThreadPoolExecutor(8) as pool:
        assert all(b"{" in one for one in pool.map(_ask, [f"{url}/api/2.0/mlflow/{call}" for call in calls * 4]))
    started.join()


@pytest.mark.soak
def test_everything_killed_comes_up_again_with_its_data_and_goes_down_without_a_trace(own: Path) -> None:
    first = _up(own)
    producing.publish(first.kafka.brokers, "activity", [(b"k", b"kept")])
    _snowflake(first, "create schema kept", "create table kept.t (a int)", "insert into kept.t values (1)")
    _ask(f"{first.mlflow.tracking_uri}/api/2.0/mlflow/experiments/create", json.dumps({"name": "kept"}).encode())
    artifact = f"{first.mlflow.tracking_uri}/api/2.0/mlflow-artifacts/artifacts/kept.txt"
    _ask(artifact, b"kept", method="PUT")

    for process in _processes(own):
        process.send_signal(signal.SIGKILL)
    _until(lambda: not _processes(own))
    assert {one.state for one in local.status(own)} == {"down"}

    second = _up(own)
    assert second == first  # the same addresses
    assert sum(end for _, end in kafka.ends(second.kafka.brokers, "activity").values()) == 1
    assert _snowflake(second, "select a from kept.t") == [(1,)]
    assert b'"kept"' in _ask(
        f"{second.mlflow.tracking_uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept"
    )
    assert _ask(artifact) == b"kept"

    local.down(own)
    assert _processes(own) == []
    local.down(own)  # harmless as well


def test_two_homes_do_not_disturb_each_other(own: Path, broker: Settings, topic: str) -> None:
    other = _up(own, "kafka")
    assert other.kafka.brokers != broker.kafka.brokers
    assert topic not in kafka.topics(other.kafka.brokers)
    local.down(own)
    assert topic in kafka.topics(broker.kafka.brokers)


def test_a_stranger_is_never_killed(own: Path) -> None:
    own.mkdir()
    near_marks = [AWS.mark(own.resolve()) + "2", f"kafka {own}", None]
    strangers = [
        subprocess.Popen(["sleep", "60"], env=os.environ | ({processes.MARK: mark} if mark else {}), cwd=own)
        for mark in near_marks
    ]
    local.down(own)
    assert [stranger.poll() for stranger in strangers] == [None] * 3
    for stranger in strangers:
        stranger.kill()
        stranger.wait()


def test_a_port_that_a_stranger_took_is_given_up(own: Path) -> None:
    first = _up(own, "aws")
    local.down(own)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", ports.recorded(own)["aws"]))
        stranger.listen()
        second = _up(own, "aws")
    assert second.aws.endpoint_url != first.aws.endpoint_url
    assert _ask(f"{second.aws.endpoint_url}/moto-api/data.json")


def test_services_outlive_the_kill_of_the_command_that_started_them_and_its_lock_does_not(own: Path) -> None:
    holding = "local.up(Path({!r}), ['aws'], lambda name, step: time.sleep(600 if step == 'up' else 0))"
    command = _python(holding.format(str(own)))
    _until(lambda: local.status(own)[2].state == "up")
    pid = local.status(own)[2].pid
    os.killpg(command.pid, signal.SIGKILL)  # it held the lock of this home
    command.wait()
    [status] = local.up(own, ["aws"])
    assert (status.state, status.pid) == ("up", pid)


def test_a_service_that_fails_is_told_with_its_last_words_and_the_others_come_up(own: Path) -> None:
    meta = own / "kafka" / "data" / "meta.properties"
    meta.parent.mkdir(parents=True)
    meta.write_text("version=1\ncluster.id=somebody-elses\nnode.id=7\n")
    failed, aws = local.up(own, ["kafka", "aws"])
    assert (failed.state, aws.state) == ("failed", "up")
    assert "the end of" in failed.detail
    assert "node id matches" in failed.detail


def test_a_service_that_runs_without_answering_is_not_ready(own: Path) -> None:
    _up(own, "aws")
    [process] = processes.find(AWS.mark(own.resolve()))
    process.suspend()
    stuck = local.status(own)[2]
    assert (stuck.state, stuck.pid) == ("not ready", process.pid)
    local.down(own)
    assert _processes(own) == []


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    mark = f"deaf of {tmp_path}"
    processes.launch(["sh", "-c", "trap '' TERM; sleep 60; sleep 60"], mark, tmp_path / "log", {})
    _until(lambda: len(processes.find(mark)) == 2)  # the shell and its child, which carries the mark as well
    processes.stop(mark, patience=0.5)
    assert processes.find(mark) == []


def _up(home: Path, *names: str) -> Settings:
    failed = [f"{one.name}: {one.detail}" for one in local.up(home, names) if one.state != "up"]
    assert not failed, "\n".join(failed)
    return Settings.read(home=home)


def _processes(home: Path) -> list[psutil.Process]:
    return [process for service in local.SERVICES for process in processes.find(service.mark(home.resolve()))]


def _python(statement: str) -> subprocess.Popen[bytes]:
    """Run a statement in a process group of its own."""
    imports = "import time; from pathlib import Path; from mart.local import services as local; "
    return subprocess.Popen([sys.executable, "-c", imports + statement], process_group=0)


def _until(come: Callable[[], object], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _snowflake(settings: Settings, *statements: str) -> list[tuple[object, ...]]:
    """Run statements through the connector; return the rows of the last."""
    place = settings.snowflake.model_dump(include={"host", "port", "protocol", "account", "user", "database"})
    key = {"authenticator": "SNOWFLAKE_JWT", "private_key_file": str(settings.snowflake.private_key_file)}
    with snowflake.connector.connect(**place, **key) as connection:
        return [connection.cursor().execute(statement).fetchall() for statement in statements][-1]


def _ask(url: str, body: bytes | None = None, method: str | None = None) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())
