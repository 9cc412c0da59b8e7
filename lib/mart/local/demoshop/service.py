"""The demo shops as a service of a home: `mart up` starts them, and the home keeps their day."""

import sys
from typing import Any

from mart.local.http import get
from mart.local.service import Place, Service

NAMES = {path: f"demo-{path}" for path in ("alpha", "beta", "gamma")}  # path of a shop: its name in the settings


def _command(place: Place) -> list[str]:
    clock = str(place.home / "shop" / "day")
    return [sys.executable, "-m", "mart.local.demoshop", "--port", str(place.port), "--clock-file", clock]


def _check(place: Place) -> None:
    get(f"{place.url()}/clock")


def _settings(place: Place) -> dict[str, dict[str, Any]]:
    """Make each of them a shop to crawl; loopback is private, and no pause is owed to oneself."""
    manners = {"private": True, "delay_seconds": 0.0, "concurrent": 4, "cron": "*/15 * * * *"}
    return {f"shops.{name}": {"start": [f"{place.url()}/{path}/"], **manners} for path, name in NAMES.items()}


SERVICE = Service(
    name="shop",
    title="Demo shop",
    keeps="its day",
    keeps_data=True,
    address="http://127.0.0.1:{port}",
    command=_command,
    check=_check,
    settings=_settings,
)
