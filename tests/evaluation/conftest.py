"""The real data, where they are at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(os.environ.get("MART_TEST_DATA", Path(__file__).parents[2] / "../shared/data"))


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Find a folder of the evaluation data, or skip the test."""

    def find(name: str) -> Path:
        if not (DATA / name).is_dir():
            pytest.skip(f"no evaluation data in {DATA / name}: set MART_TEST_DATA to where they are")
        return DATA / name

    return find
