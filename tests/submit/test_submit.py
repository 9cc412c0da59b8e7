"""`mart submit` against the AWS API on this machine (moto): what is sent, waited for, and told of a failure."""

import gzip
import json
import re
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mart import job
from mart.cli import main
from mart.edges.emr import Steps
from mart.edges.emr_serverless import JobRuns
from mart.edges.glue_jobs import GlueRuns
from mart.edges.runs import LINES, State
from mart.settings import Settings
from mart.submit import run
from tests.submit.account import Account


def mart(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def submit(account: Account, name: str, on: str, *words: str) -> Result:
    return mart("submit", name, "--on", on, "--settings", account.file(), "--home", account.out.parent, *words)


def test_a_step_is_added_to_the_cluster(account: Account) -> None:
    account.release("emr")
    told = json.loads(submit(account, "batch/views", "emr", "--json", "--", "--full").stdout)
    cluster = account.settings.submit.cluster
    step = account.client("emr").describe_step(ClusterId=cluster, StepId=told["run"])["Step"]
    assert (told["on"], told["state"]) == ("emr", step["Status"]["State"])
    assert step["Config"]["Args"][0] == "spark-submit"
    assert step["Config"]["Args"][-4:] == [
        f"s3://{account.bucket}/r1/emr/jobs/batch/views.py",
        *("--settings", f"s3://{account.bucket}/settings.toml", "--full"),
    ]


def test_a_run_of_emr_serverless_is_started_and_waited_for(account: Account) -> None:
    account.release("emr-serverless")
    done = submit(account, "streaming/live", "emr-serverless", "--wait")
    assert done.exit_code == 0, done.output
    at = account.settings.submit
    started = re.fullmatch(r"streaming/live on emr-serverless: (\w+) SUCCESS\n", done.stdout)
    assert started, done.stdout
    sent = account.client("emr-serverless").get_job_run(applicationId=at.application, jobRunId=started[1])["jobRun"]
    assert sent["executionRole"] == at.role
    assert "jars/spark-sql-kafka-0-10_2.13-4.jar" in sent["jobDriver"]["sparkSubmit"]["sparkSubmitParameters"]


def test_a_job_of_glue_is_made_once_and_follows_the_release(account: Account) -> None:
    account.release("glue")
    assert submit(account, "batch/views", "glue").exit_code == 0
    glue = account.client("glue")
    first = glue.get_job(JobName="mart-batch-views")["Job"]
    assert first["Command"]["ScriptLocation"] == f"s3://{account.bucket}/r1/glue/jobs/batch/views.py"
    account.settings = Settings(
        aws=account.settings.aws,
        submit=account.settings.submit.model_copy(update={"release": f"s3://{account.bucket}/r2"}),
    )
    account.release("glue")
    done = submit(account, "batch/views", "glue", "--json", "--", "--full")
    assert done.exit_code == 0, done.output
    second = glue.get_job(JobName="mart-batch-views")["Job"]
    assert second["Command"]["ScriptLocation"] == f"s3://{account.bucket}/r2/glue/jobs/batch/views.py"
    ran = glue.get_job_run(JobName="mart-batch-views", RunId=json.loads(done.stdout)["run"])["JobRun"]
    ours = {"--full": "true", "--settings": f"s3://{account.bucket}/settings.toml"}
    assert ran["Arguments"].items() >= ours.items()
    glue.delete_job(JobName="mart-batch-views")


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(account: Account) -> None:
    account.release("emr")
    steps = partial(account.client("emr").list_steps, ClusterId=account.settings.submit.cluster)
    before = steps()["Steps"]
    told = json.loads(submit(account, "streaming/live", "emr", "--dry-run", "--json").stdout)
    (call,) = told["requests"]
    assert (call["service"], call["operation"]) == ("emr", "add_job_flow_steps")
    assert submit(account, "streaming/live", "emr", "--dry-run").stdout.startswith("emr add_job_flow_steps\n{")
    assert steps()["Steps"] == before


def test_wrong_usage_is_told_in_one_line_before_anything_is_sent(account: Account, tmp_path: Path) -> None:
    account.release("emr", jobs=())
    local = tmp_path / "mine.toml"
    local.write_text("")
    for words, said in (
        (("submit", "batch/vews", "--on", "emr"), "no such job: batch/vews"),
        (("submit", "batch/views", "--on", "emr", "--settings", local), "put it to s3://BUCKET/KEY"),
        (("submit", "batch/views", "--on", "emr", "--", "--fall"), "no such arguments: --fall"),
        (("submit", "batch/views", "--on", "emr", "--home", tmp_path), "the settings lack submit.release"),
    ):
        done = mart(*words)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert said in done.stderr.splitlines()[-1]
    assert "has no job batch/views" in submit(account, "batch/views", "emr").stderr
    assert "there is no release for glue" in submit(account, "batch/views", "glue").stderr


class Failing:
    """A place of the test's own: a run goes on for two looks, then fails."""

    def __init__(self) -> None:
        self.looks = iter([State("PENDING", False, False), State("RUNNING", False, False)])

    def send(self, arguments: Mapping[str, Any]) -> str:
        return "run-1"

    def look(self, run: str) -> State:
        return next(self.looks, State("FAILED", True, False, "exit code 1"))

    def log(self, run: str) -> list[str]:
        return ["error: settings: no such key"]


def test_waiting_reports_each_look_and_ends_with_the_log_of_a_failure() -> None:
    seen: list[str] = []
    ended = run.wait(Failing(), "run-1", lambda state: seen.append(state.word), 0)
    assert seen == ["PENDING", "RUNNING"]
    assert (ended.state.word, ended.state.why, ended.log) == ("FAILED", "exit code 1", ["error: settings: no such key"])


class Fails(BaseHTTPRequestHandler):
    """EMR Serverless where every run fails at once: moto's all succeed."""

    logs = ""

    def do_POST(self) -> None:
        self._answer({"applicationId": "a1", "jobRunId": "r1", "arn": "arn:aws:emr-serverless:eu-central-1:1:/a1"})

    def do_GET(self) -> None:
        logs = {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": self.logs}}}
        self._answer({"jobRun": {"state": "FAILED", "stateDetails": "exit code 1", "configurationOverrides": logs}})

    def _answer(self, document: dict[str, Any]) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def failing(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account, but for EMR Serverless."""
    handler = type("Here", (Fails,), {"logs": account.settings.submit.logs})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_EMR_SERVERLESS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MART_AWS", json.dumps({"endpoint_url": "", "region": account.settings.aws.region}))
    yield account
    server.shutdown()
    server.server_close()


def test_a_failed_run_ends_with_exit_code_1_and_the_end_of_its_log(failing: Account) -> None:
    failing.release("emr-serverless")
    at = failing.settings.submit
    written = "\n".join(f"line {number}" for number in range(100))
    key = f"logs/applications/{at.application}/jobs/r1/SPARK_DRIVER/stderr.gz"
    failing.put(key, gzip.compress(written.encode()))
    done = submit(failing, "batch/views", "emr-serverless", "--wait")
    assert done.exit_code == 1, done.output
    assert done.stdout == "batch/views on emr-serverless: r1 FAILED: exit code 1\n"
    assert done.stderr.split()[-2:] == ["line", "99"]
    assert done.stderr.count("line ") == LINES


def test_the_log_of_a_step_is_its_drivers_where_that_is_there(account: Account) -> None:
    cluster = account.settings.submit.cluster
    steps = Steps(account.settings.aws, cluster)
    assert steps.log("s-1") == []
    below = f"emr/{cluster}"
    told = gzip.compress(b"submitted application_17_0001\nit failed")
    account.put(f"{below}/steps/s-1/stderr.gz", told, "emr-logs")
    assert steps.log("s-1") == ["submitted application_17_0001", "it failed"]
    container = f"{below}/containers/application_17_0001/container_17_0001_01_000001/stderr.gz"
    account.put(container, gzip.compress(b"error: no topic"), "emr-logs")
    assert steps.log("s-1") == ["error: no topic"]


def test_the_log_of_a_run_of_glue_is_what_it_wrote_on_stderr(account: Account) -> None:
    runs, logs = GlueRuns(account.settings.aws, "mart-batch-views"), account.client("logs")
    assert runs.log("jr_1") == []
    logs.create_log_group(logGroupName=GlueRuns.GROUP)
    logs.create_log_stream(logGroupName=GlueRuns.GROUP, logStreamName="jr_1")
    event = {"timestamp": int(time.time() * 1000), "message": "Traceback\nerror: no lake"}
    logs.put_log_events(logGroupName=GlueRuns.GROUP, logStreamName="jr_1", logEvents=[event])
    assert runs.log("jr_1") == ["Traceback", "error: no lake"]


def test_a_run_without_a_place_for_its_log_has_none(account: Account) -> None:
    runs = JobRuns(account.settings.aws, account.settings.submit.application)
    call = {"applicationId": account.settings.submit.application, "executionRoleArn": account.settings.submit.role}
    started = runs.send(call | {"jobDriver": {"sparkSubmit": {"entryPoint": "s3://b/k.py"}}})
    assert runs.log(started) == []


def test_a_job_reads_its_settings_from_s3(account: Account, tmp_path: Path) -> None:
    given = job.arguments(job.parser_of("views.py"), ["--settings", account.file(logs="s3://elsewhere/logs")])
    assert Settings.read(given.settings, tmp_path).submit.logs == "s3://elsewhere/logs"
    missing = mart("submit", "batch/views", "--on", "emr", "--settings", f"s3://{account.bucket}/none.toml")
    assert missing.exit_code == 2
    assert "put the settings there, and let this role read them" in missing.stderr
