"""Pages of real shops are read where they lie; a test that needs them is skipped where they are not."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def data(real_data: Callable[[str], Path]) -> Path:
    return real_data("page-labels.json").parent
