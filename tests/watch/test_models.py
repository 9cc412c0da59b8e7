"""How well the champion knows the shop: shares of the last day's shoppers and products that are known, by counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mart.edges import recording, registry
from mart.settings import Als, Settings
from mart.tables import EVENTS, ITEM_FACTORS, USER_FACTORS
from mart.watch.models import drift
from tests.watch import tables


def test_drift_is_the_share_of_the_last_days_shoppers_and_products_that_the_champion_has_learned(
    tmp_path: Path,
) -> None:
    settings, now = Settings.read(home=tmp_path), datetime.now(UTC)
    assert list(drift(settings, now)) == []
    tags = registry.lineage(Als(), now, 1, 1, "test")
    version = recording.register(settings, lambda: None, 1, {}, {}, tags)
    registry.release(settings, version, registry.CHAMPION)
    made = {"model_version": version, "made_from_version": 1, "factors": [0.0]}
    old = made | {"model_version": "0"}
    tables.append(
        settings, USER_FACTORS, [*(made | {"user_id": f"u{one}"} for one in range(3)), old | {"user_id": "u9"}]
    )
    tables.append(settings, ITEM_FACTORS, [made | {"product_id": f"p{one}"} for one in range(10)])
    tables.append(settings, EVENTS, tables.events(0, 10, now - timedelta(hours=1)))
    tables.append(settings, EVENTS, tables.events(50, 10, now - timedelta(hours=30)))  # of the day before
    assert {dict(one.labels)["of"]: one.value for one in drift(settings, now)} == {"shoppers": 0.3, "products": 1.0}
