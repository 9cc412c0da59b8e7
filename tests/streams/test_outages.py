"""What surrounds us fails for a while: a broker that dies, a disk that fills up."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart.local import kafka as broker_service
from mart.local import processes, services
from mart.settings import Settings
from tests.streams.running import Home
from tests.streams.truth import Source, assert_exact, assert_verified, landed

pytestmark = pytest.mark.soak  # minutes each

INGEST = "streaming/ingest_activity"


def test_a_broker_that_dies_in_mid_stream_and_a_sigterm_cost_nothing(
    at_home: Home, home: Path, spark: SparkSession
) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=900, seed=11)
    source.send(settings, 200)
    with at_home.running("run", INGEST) as process:
        process.until(lambda: sum(landed(settings).values()) == 200)
        (broker,) = processes.find(broker_service.SERVICE.mark(home.resolve()))
        broker.kill()
        (status,) = services.up(home, ["kafka"])
        assert (status.state, status.pid != broker.pid) == ("up", True), status.detail
        source.send(settings, 200)
        process.until(lambda: sum(landed(settings).values()) == 400)

        source.send(settings, 200)
        source.send(settings, 200, to="inbox")
        os.killpg(process.child.pid, signal.SIGTERM)  # while one micro-batch works and another waits
        ended = process.end()
    assert ended.code == 0
    # The broker may have been away when it was to note an offset for others to see.
    assert [line for line in ended.said.splitlines() if "does not note how far it has landed" not in line] == []
    source.send(settings, source.rest())
    at_home.jobs(INGEST).well()
    assert_exact(source, settings)
    assert_verified(spark, settings)


@pytest.mark.parametrize(
    "jobs", [(INGEST,), ("streaming/live",), (INGEST, "streaming/speed_views", "streaming/enrich")]
)
@pytest.mark.parametrize("to", ["process", "group"])
def test_sigterm_ends_every_stream_well(at_home: Home, jobs: tuple[str, ...], to: str) -> None:
    settings, source = at_home.settings, Source.make(at_home.settings.home / "shop", events=900, seed=12)
    source.send(settings, 300)
    source.send(settings, 300, to="inbox")
    with at_home.running("run", *jobs) as process:
        process.until(lambda: sum(landed(settings).values()) > 0)
        source.send(settings, 100)
        source.send(settings, 100, to="inbox")
        (os.kill if to == "process" else os.killpg)(process.child.pid, signal.SIGTERM)
        ended = process.end()
    assert (ended.code, ended.said) == (0, "")
    source.send(settings, source.rest())
    at_home.jobs(*jobs).well()
    assert_exact(source, settings)


@pytest.fixture
def small_disk(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose lake lies on a disk of 64 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        lake = str(place / "lake")
        yield settings.model_copy(update={"lake": lake, "checkpoints": f"{lake}/_checkpoints"})
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_under_the_lake_stops_ingest_and_costs_nothing(small_disk: Settings, spark: SparkSession) -> None:
    at_home, ballast = Home(small_disk), Path(small_disk.lake).with_name("ballast")
    source = Source.make(small_disk.home / "shop", events=900, seed=13)
    source.send(small_disk, 200)
    at_home.jobs(INGEST).well()
    assert_exact(source, small_disk)

    disk = os.statvfs(ballast.parent)
    ballast.write_bytes(bytes(disk.f_bavail * disk.f_frsize - 150_000))
    source.send(small_disk, source.rest())  # among them records of 1 MB
    ended = at_home.jobs(INGEST)
    assert ended.code != 0
    assert "No space left on device" in ended.said

    ballast.unlink()
    at_home.jobs(INGEST).well()
    assert_exact(source, small_disk)
    assert_verified(spark, small_disk)
