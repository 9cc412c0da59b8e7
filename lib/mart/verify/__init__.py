"""What must be true of a lake: the ledger, the law, the protocol, and Snowflake's equality."""

from pyspark.sql import SparkSession

from mart.settings import Settings
from mart.tables import SERVED
from mart.verify import law, ledger, protocol, staging, warehouse
from mart.verify.finding import Finding

__all__ = ["Finding", "verify"]


def verify(spark: SparkSession, settings: Settings) -> list[Finding]:
    """Run every check on a lake, live or at rest; an empty lake is no failure."""
    return [
        *ledger.verify(spark, settings),
        *law.verify(spark, settings),
        *protocol.verify(settings),
        *warehouse.verify(settings, SERVED),
        *staging.verify(settings),
        *warehouse.verify_final(settings),
    ]
