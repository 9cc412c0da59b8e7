"""The lambda law over a lake in a bucket: the test of random portions and orders, in a home whose lake is in S3."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart.settings import Settings
from tests import bucket
from tests.laws.test_lambda_law import test_the_law_holds_over_random_portions_and_orders as hold_the_law


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_law_holds_in_s3(spark: SparkSession, home: Path, tmp_path: Path, seed: int) -> None:
    with bucket.moved(Settings.read(home=tmp_path), home) as settings:
        hold_the_law(bucket.reaching(spark, settings), tmp_path, seed)
