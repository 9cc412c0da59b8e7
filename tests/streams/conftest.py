"""A home of its own for each test, on the shared broker, with a topic that no other test knows."""

from pathlib import Path

import pytest

from mart.settings import Settings
from tests.streams.running import Home


@pytest.fixture
def settings(broker: Settings, topic: str, tmp_path: Path) -> Settings:
    """The settings that the commands of this test see."""
    kafka = broker.kafka.model_copy(update={"activity": topic})
    lake = tmp_path / "lake"
    return broker.model_copy(
        update={"home": tmp_path, "lake": str(lake), "checkpoints": f"{lake}/_checkpoints", "kafka": kafka}
    )


@pytest.fixture
def at_home(settings: Settings) -> Home:
    return Home(settings)
