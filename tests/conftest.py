"""What tests share: real services on this machine, started once for the whole run and only if a test asks for them."""

import os
import typing
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import twisted.python.zippath  # noqa: F401 it leaves the marks below
from pyspark.sql import SparkSession

from mart import job
from mart.edges import kafka
from mart.local import services as local
from mart.settings import Settings

DATA = Path(os.environ.get("MART_TEST_DATA", Path(__file__).parents[1] / "../shared/data"))

# Also for the commands that tests start. Half of what .spark-conf gives is enough for lakes of tests, and leaves room for three runs.
os.environ.setdefault("SPARK_SUBMIT_OPTS", job.SHORT_RUN)
os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--driver-memory 2g pyspark-shell")

# The tests share two cores with Spark: how long an example takes says nothing about it.
hypothesis.settings.register_profile(
    "beside others", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("beside others")

# Twisted, which pages of shops bring along, leaves marks of zope.interface on typing.Generic, and pyspark.ml, which looks at every
# attribute of its classes, stumbles over them. No job has both in one process; the tests do.
for mark in ("__implemented__", "__providedBy__", "__provides__"):
    delattr(typing.Generic, mark)


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Find a folder or file of the evaluation data, or skip the test: they are read where they lie, if they are at hand."""

    def find(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f"no evaluation data in {DATA / name}: set MART_TEST_DATA to where they are")
        return DATA / name

    return find


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose services end with the run."""
    home = tmp_path_factory.mktemp("home")
    yield home
    local.down(home)


@pytest.fixture(scope="session")
def spark(home: Path) -> Iterator[SparkSession]:
    """The Spark session of the jobs themselves."""
    session = job.session(Settings.read(home=home), "tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def broker(home: Path) -> Settings:
    """Settings with a Kafka broker, which is up."""
    return _up(home, "kafka")


@pytest.fixture(scope="session")
def snowflake_up(home: Path) -> Settings:
    """Settings with a Snowflake, which is up."""
    return _up(home, "snowflake")


@pytest.fixture(scope="session")
def aws_there(home: Path) -> Settings:
    """Settings with AWS on this machine, which is up; to ask it one must be somebody."""
    return _up(home, "aws")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be somebody to AWS, for one test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def aws_up(aws_there: Settings, credentials: None) -> Settings:
    """Settings with AWS on this machine, which is up, and credentials as any machine has them."""
    return aws_there


@pytest.fixture(scope="session")
def services(home: Path) -> Settings:
    """Settings with every local service, all of them up."""
    return _up(home)


@pytest.fixture
def topic(broker: Settings) -> str:
    """A new topic of four partitions that no other test knows."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kafka.create(broker.kafka.brokers, name, partitions=4)
    return name


def _up(home: Path, *names: str) -> Settings:
    failed = [f"{one.name}: {one.detail}" for one in local.up(home, names) if one.state != "up"]
    assert not failed, "\n".join(failed)
    return Settings.read(home=home)
