"""What a lake in S3 is paid for: the requests of a live micro-batch, counted in the emulator's log."""

import re
from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from mart.delivery.live import Live
from mart.settings import Settings
from tests import bucket
from tests.laws.test_lambda_law import Shop, arrived

REQUEST = re.compile(r'"(?:\x1b\[[0-9;]*m)*([A-Z]+) /(\S+)')
WARM = 3  # micro-batches before the ones that are counted


class Counted:
    """The requests that a bucket has had since the last look, as AWS' price list names them."""

    def __init__(self, log: Path, name: str) -> None:
        self._log, self._bucket = log.open(), name
        self.fresh()

    def fresh(self) -> Counter[str]:
        found = REQUEST.findall(self._log.read())
        return Counter(self._kind(verb, path) for verb, path in found if path.startswith(self._bucket))

    def _kind(self, verb: str, path: str) -> str:
        if verb == "GET" and "list-type" in path:
            return "LIST"
        return "PUT" if verb == "POST" and "?delete" not in path else verb


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_live_micro_batch_costs_some_hundred_requests_whatever_it_holds(
    spark: SparkSession, home: Path, tmp_path: Path
) -> None:
    with bucket.moved(Settings.read(home=tmp_path), home) as settings:
        shop = Shop(bucket.reaching(spark, settings), tmp_path, 7, 900)
        live = Live(shop.spark, settings)
        live.catch_up()
        counted = Counted(home / "logs" / "aws.log", settings.lake.split("/")[2])
        costs = []
        for records in (*[40] * WARM, 40, 400):
            counted.fresh()
            ingested = arrived(shop.arrive(records))
            landed = counted.fresh()
            live.advance(ingested)
            costs.append((landed, counted.fresh()))
        small, large = costs[WARM:]
        for records, (ingest, rest) in ((40, small), (400, large)):
            print(f"{records} records: ingest {dict(ingest)}, speed and serving {dict(rest)}")
        paid = [sum((ingest + rest)[kind] for kind in ("PUT", "COPY", "LIST")) for ingest, rest in (small, large)]
        assert paid[1] <= 1.5 * paid[0], "ten times the records are not ten times the requests"
        assert sum(sum(part.values()) for part in small) < 1_200
