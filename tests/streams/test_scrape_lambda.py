"""The Lambda that crawls: memory on S3, one crawl of a shop at a time, time that runs out, shops for a container, cold start."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from mart.edges.containers import ContainerError
from mart.edges.crawl_state import Busy, CrawlState, StateError
from mart.local import mapping, ports
from mart.scraping import CrawlFailed, NoShop, Scraper, Times, TooShort
from mart.settings import Container, Settings, Shop
from mart.watch.metrics import CRAWL_AGE
from mart.watch.shops import shops

ROOT = Path(__file__).parents[2]
LAMBDA = ROOT / "jobs" / "streaming" / "scrape_lambda.py"
HASTY = Times(close=1, save=0, least=0.1)
SHOPS = {
    "demo": Shop(start=("https://shop.example/",)),
    "drawn": Shop(start=("https://shop.example/",), javascript=True),
}

# A crawl as the function knows it: it counts itself in its memory, and goes as its limit says.
CRAWL = """
import json, pathlib, signal, sys, time
shop, home = sys.argv[1], sys.argv[sys.argv.index("--home") + 1]
limit = int(sys.argv[sys.argv.index("--limit") + 1]) if "--limit" in sys.argv else 0
def stop(*_):
    print(json.dumps({"reason": "shutdown", "items": 1}))
    sys.exit(1)
signal.signal(signal.SIGTERM, signal.SIG_IGN if limit == 13 else stop)
memory = pathlib.Path(home) / "crawls" / shop / "memory.sqlite"
memory.parent.mkdir(parents=True, exist_ok=True)
(memory.parent / "lock").touch()
count = int(memory.read_text()) + 1 if memory.exists() else 1
memory.write_text(str(count))
if limit == 1:
    print(json.dumps({"reason": "blocked", "items": 0}))
    print("it asks for a human", file=sys.stderr)
    sys.exit(1)
if limit in (13, 60):
    time.sleep(60)
print(json.dumps({"reason": "finished", "items": count}))
"""


@dataclass
class Stage:
    """A bucket of a test's own, and a function whose crawls are of this file's making."""

    settings: Settings
    bucket: str
    command: tuple[str, ...]
    prefix: str = "crawls"

    def __post_init__(self) -> None:
        self.s3 = self.client("s3")
        place = self.settings.aws.region
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": place})

    def client(self, service: str) -> Any:  # noqa: ANN401 boto3's own
        aws = self.settings.aws
        return boto3.client(service, region_name=aws.region, endpoint_url=aws.endpoint_url)

    @property
    def state(self) -> CrawlState:
        return CrawlState(self.settings.scraping.state, self.settings.aws)

    def scraper(self, container: Container | None = None, times: Times = HASTY) -> Scraper:
        ours = self.settings.model_copy(update={"container": container or Container()})
        return Scraper(ours, times, self.command)

    def crawl(self, left: float = 30, **event: object) -> dict[str, Any]:
        return self.scraper()({"shop": "demo"} | event, left, "request")

    def keys(self) -> list[str]:
        """What there is besides outcomes."""
        found = [one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return [key for key in found if not key.endswith("/outcome.json")]

    def memory(self) -> dict[str, str]:
        """What the archive holds."""
        kept = self.s3.get_object(Bucket=self.bucket, Key="crawls/demo/state.tar.gz")["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(kept)) as archive:
            return {one.name: archive.extractfile(one).read().decode("latin-1") for one in archive}  # type: ignore[union-attr]


@pytest.fixture
def stage(aws_up: Settings, tmp_path: Path) -> Stage:
    file = tmp_path / "crawl.py"
    file.write_text(CRAWL)
    bucket = f"test-{uuid.uuid4().hex}"
    scraping = aws_up.scraping.model_copy(update={"state": f"s3://{bucket}/crawls"})
    settings = aws_up.model_copy(update={"shops": SHOPS, "scraping": scraping})
    return Stage(settings, bucket, (sys.executable, "-S", "-E", str(file)))


# A crawl and its memory


def test_a_crawl_finds_the_memory_of_the_one_before_and_leaves_its_own(stage: Stage) -> None:
    first = stage.crawl()
    assert (first["shop"], first["outcome"], first["exit_code"]) == ("demo", "finished", 0)
    assert first["summary"] == {"reason": "finished", "items": 1}
    assert json.loads(json.dumps(first)) == first
    assert stage.scraper()({"detail": {"shop": "demo", "limit": 7}}, 30, "r")["summary"]["items"] == 2
    assert stage.keys() == ["crawls/demo/state.tar.gz"], "the lease is given back"
    assert stage.memory() == {"memory.sqlite": "2"}, "a lock is not for other machines"


def test_a_crawl_that_fails_is_raised_and_what_it_remembers_is_kept(stage: Stage) -> None:
    with pytest.raises(CrawlFailed, match=r"demo: crawl failed after .* exit code 1: it asks for a human"):
        stage.crawl(limit=1)
    assert stage.memory() == {"memory.sqlite": "1"}
    assert stage.crawl()["summary"]["items"] == 2


def test_the_watch_sees_how_the_last_crawl_of_each_shop_went(stage: Stage) -> None:
    def seen() -> dict[str, float]:
        samples = list(shops(stage.settings, datetime.now(UTC)))
        assert all(sample.named == {"shop": "demo"} for sample in samples), "the other shop was never crawled"
        return {sample.metric.name: sample.value for sample in samples if sample.metric is not CRAWL_AGE}

    assert seen() == {}
    with pytest.raises(CrawlFailed):
        stage.crawl(limit=1)
    assert seen() == {"mart_crawl_succeeded": 0, "mart_crawl_blocked": 1, "mart_crawl_items": 0}
    stage.crawl()
    assert seen() == {"mart_crawl_succeeded": 1, "mart_crawl_blocked": 0, "mart_crawl_items": 2}


def test_a_crawl_whose_time_runs_out_is_told_to_stop_and_the_next_one_goes_on(stage: Stage) -> None:
    start = time.monotonic()
    answer = stage.crawl(left=2, limit=60)
    assert (answer["outcome"], answer["summary"]["reason"]) == ("unfinished", "shutdown")
    assert time.monotonic() - start < 5
    assert stage.crawl()["summary"]["items"] == 2


def test_a_crawl_that_does_not_stop_is_killed_and_its_memory_is_kept(stage: Stage) -> None:
    answer = stage.crawl(left=2, limit=13)
    assert (answer["outcome"], answer["exit_code"]) == ("unfinished", -signal.SIGKILL)
    assert stage.memory() == {"memory.sqlite": "1"}


def test_too_little_time_begins_no_crawl(stage: Stage) -> None:
    with pytest.raises(TooShort, match="60 s are left and a crawl needs 100"):
        stage.scraper(times=Times())({"shop": "demo"}, 60, "r")
    assert stage.keys() == []


@pytest.mark.parametrize("event", [{}, {"shop": "strange"}, {"detail": "demo"}, {"shop": ["demo"]}, {"detail": {}}])
def test_an_event_that_names_no_shop_is_refused(stage: Stage, event: dict[str, Any]) -> None:
    with pytest.raises(NoShop, match="of demo, drawn"):
        stage.scraper()(event, 30, "r")


@pytest.mark.parametrize("limit", [0, -1, "7", True, 1.5])
def test_a_limit_that_is_none_is_refused(stage: Stage, limit: object) -> None:
    with pytest.raises(NoShop, match="is no number of pages"):
        stage.crawl(limit=limit)


# The lease, and what is written only on condition


def soon(seconds: float = 60) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_of_two_invocations_at_once_one_crawls_and_the_other_says_busy(stage: Stage) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [one.result() for one in [pool.submit(stage.crawl, left=4, limit=60) for _ in range(4)]]
    assert sorted(answer["outcome"] for answer in answers) == ["busy", "busy", "busy", "unfinished"]
    assert stage.memory() == {"memory.sqlite": "1"}


def test_a_lease_ends_with_its_time_and_not_before(stage: Stage) -> None:
    state = stage.state
    with state.lease("demo", "killed", soon(-60)):  # of an invocation whose time was over a minute ago
        with stage.state.lease("demo", "next", soon()):
            with pytest.raises(Busy, match="demo: another crawl is at work"), state.lease("demo", "third", soon()):
                pass
            with state.lease("other", "third", soon()):
                pass
        assert stage.keys() == []
        clocks_differ = soon(-5)
        with state.lease("demo", "fourth", clocks_differ), pytest.raises(Busy), state.lease("demo", "fifth", soon()):
            pass


def test_one_that_has_outlived_its_lease_neither_releases_the_next_one_nor_overwrites_it(
    stage: Stage, tmp_path: Path
) -> None:
    stage.crawl()
    version = stage.state.fetch("demo", tmp_path)
    with stage.state.lease("demo", "late", soon(-60)):
        assert stage.crawl()["summary"]["items"] == 2
        next_one = stage.state.lease("demo", "next", soon())
        next_one.__enter__()
    assert stage.keys() == ["crawls/demo/lease.json", "crawls/demo/state.tar.gz"], "the lease of the next one stays"
    with pytest.raises(StateError, match="was written by another crawl meanwhile"):
        stage.state.save("demo", tmp_path, version)
    with pytest.raises(StateError, match="was written by another crawl meanwhile"):
        stage.state.save("demo", tmp_path, None)
    assert stage.memory() == {"memory.sqlite": "2"}


def test_an_upload_that_is_cut_off_leaves_the_memory_as_it_was(stage: Stage, tmp_path: Path) -> None:
    stage.crawl()
    code = (
        "import os, signal, sys, threading, time; from pathlib import Path; from mart.edges.crawl_state import CrawlState;"
        "from mart.settings import Settings; s = Settings.read(home=Path(sys.argv[1])); state = CrawlState(sys.argv[2], s.aws);"
        "version = state.fetch('demo', Path(sys.argv[3])); (Path(sys.argv[3]) / 'more').write_bytes(os.urandom(60_000_000));"
        "state._client.meta.events.register('before-send.s3.PutObject',"
        "lambda **_: threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGKILL)).start());"
        "state.save('demo', Path(sys.argv[3]), version); print('whole')"
    )
    words = [str(stage.settings.home), stage.settings.scraping.state, str(tmp_path / "cut")]
    child = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, ""), child.stderr
    assert stage.memory() == {"memory.sqlite": "1"}
    assert stage.crawl()["summary"]["items"] == 2


def test_faults_of_the_place_are_told_in_one_line(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"scraping\.state is empty: the function keeps it on S3"):
        CrawlState("", stage.settings.aws)
    with pytest.raises(StateError, match=r"NoSuchBucket.*check the bucket"):
        CrawlState("s3://missing/crawls", stage.settings.aws).fetch("demo", tmp_path)
    stage.s3.put_object(Bucket=stage.bucket, Key="crawls/demo/state.tar.gz", Body=b"no archive")
    with pytest.raises(StateError, match=r"can't be unpacked .*: remove it to begin anew"):
        stage.crawl()
    assert stage.keys() == ["crawls/demo/state.tar.gz"]


# Shops for a container


def test_a_shop_whose_pages_need_a_browser_starts_a_task(stage: Stage) -> None:
    cluster = f"c{uuid.uuid4().hex[:8]}"
    ecs = stage.client("ecs")
    ecs.create_cluster(clusterName=cluster)
    ecs.register_task_definition(
        family=cluster, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="1024", memory="4096",
        containerDefinitions=[{"name": "scrape", "image": "mart", "memory": 4096}],
    )  # fmt: skip
    subnet = stage.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    container = Container(cluster=cluster, task_definition=cluster, subnets=(subnet,))
    answer = stage.scraper(container)({"shop": "drawn", "limit": 30}, 30, "request-1")
    assert (answer["shop"], answer["outcome"]) == ("drawn", "container")
    [task] = ecs.describe_tasks(cluster=cluster, tasks=[answer["task"]])["tasks"]
    [override] = task["overrides"]["containerOverrides"]
    assert override == {"name": "scrape", "command": ["python", "jobs/streaming/scrape_lambda.py", "drawn", "30"]}
    assert (ROOT / override["command"][1]).exists()
    assert stage.keys() == [], "the task itself takes the lease"


def test_without_a_container_such_a_shop_is_refused(stage: Stage) -> None:
    with pytest.raises(ContainerError, match=r"set container\.cluster"):
        stage.scraper()({"shop": "drawn"}, 30, "r")
    missing = Container(cluster="missing", task_definition="t", subnets=("subnet-1",))
    with pytest.raises(ContainerError, match="ClusterNotFound"):
        stage.scraper(missing)({"shop": "drawn"}, 30, "r")


# The function's file


@dataclass
class Context:
    """What Lambda tells an invocation."""

    seconds: float
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def test_a_cold_start_imports_neither_spark_nor_scrapy(stage: Stage) -> None:
    code = (
        f"import runpy, sys; found = runpy.run_path({str(LAMBDA)!r}); found['scraper']();"
        "print([name for name in sys.modules if name.split('.')[0] in ('pyspark', 'scrapy', 'twisted', 'extruct')])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "[]\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A demo shop on loopback."""
    port = ports.free(tmp_path)
    words = [sys.executable, "-m", "mart.local.demoshop", "--port", str(port), "--products", "24"]
    child = subprocess.Popen(words, cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while not ports.answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(10)


def test_the_handler_crawls_a_shop_bounded_by_its_limit_and_then_remembers_its_pages(
    stage: Stage, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {"start": [f"{shop}/alpha/"], "private": True, "delay_seconds": 0, "concurrent": 4}
    variables = {
        "MART_SHOPS": json.dumps({"demo": section}),
        "MART_SCRAPING__STATE": stage.settings.scraping.state,
        "MART_AWS__ENDPOINT_URL": stage.settings.aws.endpoint_url,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    handler = mapping.function(LAMBDA)
    answer: Any = handler({"shop": "demo", "limit": 5}, Context(120))
    assert (answer["outcome"], answer["summary"]["new"]) == ("finished", 5), answer
    again: Any = handler({"shop": "demo", "limit": 5}, Context(120))
    assert (again["summary"]["new"], again["summary"]["unchanged"]) == (0, 5), again
    program = subprocess.run(
        [sys.executable, str(LAMBDA), "demo", "6"], env=os.environ, capture_output=True, text=True, check=True
    )
    assert json.loads(program.stdout)["summary"]["new"] == 1
    assert stage.keys() == ["crawls/demo/state.tar.gz"]
    assert {"memory.sqlite", "crawl.log", "items.jsonl"} <= stage.memory().keys()
