"""The HTTP service and the storefront as services of a home: `mart up` starts both."""

import sys
from typing import Any

from mart.local import ports
from mart.local.http import get
from mart.local.service import Place, Service

REFRESH = 3.0  # seconds between two looks at the lake: whoever tries things out does not wait a minute


def _serve(place: Place) -> list[str]:
    begin = "from mart.cli.serve import serve; serve(prog_name='mart serve')"
    return [sys.executable, "-c", begin, "--home", str(place.home), "--port", str(place.port)]


def _shop(place: Place) -> list[str]:
    api = f"http://127.0.0.1:{ports.recorded(place.home)[API.name]}"
    return [sys.executable, "-m", "mart.local.storefront", "--port", str(place.port), "--api", api]


def _healthy(place: Place) -> None:
    get(f"{place.url()}/health")


def _api_settings(place: Place) -> dict[str, dict[str, Any]]:
    return {"api": {"port": place.port, "refresh_seconds": REFRESH}, "watch": {"service": place.url()}}


# One thread of BLAS: the service's threads share the processors with everything else that a home runs.
API = Service(
    name="api",
    title="HTTP service",
    keeps="nothing (what it knows is on the lake and in Kafka)",
    keeps_data=False,
    address="http://127.0.0.1:{port}/openapi.json",
    command=_serve,
    check=_healthy,
    settings=_api_settings,
    environment=lambda place: {"OPENBLAS_NUM_THREADS": "1"},
)

STOREFRONT = Service(
    name="storefront",
    title="Storefront",
    keeps="nothing (carts are in the browser)",
    keeps_data=False,
    address="http://127.0.0.1:{port}/",
    command=_shop,
    check=_healthy,
    settings=lambda place: {},
)
