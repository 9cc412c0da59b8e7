"""serving.alerts without Spark: the rows that came after a version, as they stand in its change feed."""

from typing import Any

import pyarrow as pa

from mart.edges import delta
from mart.settings import Settings
from mart.tables import ALERTS


def version(settings: Settings) -> int | None:
    """Tell the newest version; None where there is no such table yet."""
    opened = delta.open_table(settings, ALERTS.path)
    return opened.version() if opened else None


def since(settings: Settings, after: int, upto: int) -> list[dict[str, Any]]:
    """Read the rows of versions (after, upto], in the order in which they were raised."""
    opened = delta.open_table(settings, ALERTS.path)
    if opened is None or after >= upto:
        return []
    feed = pa.table(opened.load_cdf(starting_version=after + 1, ending_version=upto, columns=list(ALERTS.names)))
    return sorted(feed.to_pylist(), key=lambda one: (one["raised_at"], one["alert_id"]))
