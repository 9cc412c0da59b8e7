"""A shop that is open: a topic with a history, a lake of its first part, and a model."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from mart.edges import kafka
from mart.settings import Als, Api, Settings
from tests.serving.lake import Shop

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

Kind = TypeVar("Kind", bound=Shop)


@pytest.fixture(scope="session")
def shop(broker: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop of this session; its tests go on with it as the tests before have left it."""
    with opened(broker, tmp_path_factory, Shop) as one:
        yield one


@contextmanager
def opened(broker: Settings, places: pytest.TempPathFactory, make: Callable[[Settings], Kind]) -> Iterator[Kind]:
    """Open a shop with a topic, a lake and a registry of its own."""
    topic = f"test-{uuid.uuid4().hex[:8]}"
    kafka.create(broker.kafka.brokers, topic, partitions=3)
    yield make(private(broker, topic, places.mktemp("shop")))
    kafka.delete(broker.kafka.brokers, topic)


def private(broker: Settings, topic: str, home: Path) -> Settings:
    """Give the settings of a shop with a topic, a lake and a registry of its own."""
    lake = home / "lake"
    changed = {
        "home": home,
        "lake": str(lake),
        "checkpoints": f"{lake}/_checkpoints",
        "kafka": broker.kafka.model_copy(update={"activity": topic}),
        "mlflow": broker.mlflow.model_copy(update={"tracking_uri": ""}),
        "als": Als(rank=8, iterations=5, alpha=5.0, seed=7),
        "api": Api(refresh_seconds=0.2),
    }
    return broker.model_copy(update=changed)
