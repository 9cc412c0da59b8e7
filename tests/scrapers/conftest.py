"""Pages of real shops are read where they lie; a test that needs them is skipped where they are not."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("MART_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def data() -> Path:
    if not (DATA / "page-labels.json").exists():
        pytest.skip(f"no real pages in {DATA}: set MART_TEST_DATA to the folder of the evaluation data")
    return DATA
