"""MLflow on one machine: a tracking server on a SQLite store that also serves the artifacts."""

import sys

from mart.local.http import get
from mart.local.service import Place, Service


def _command(place: Place) -> list[str]:
    folder = place.home / "mlflow"
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    artifacts = ["--artifacts-destination", str(folder / "artifacts")]
    address = ["--host", "127.0.0.1", "--port", str(place.port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "server", *address, *store, *artifacts]


def _prepare(place: Place) -> None:
    (place.home / "mlflow" / "artifacts").mkdir(parents=True, exist_ok=True)


def _check(place: Place) -> None:
    get(f"{place.url()}/health")


SERVICE = Service(
    name="mlflow",
    title="MLflow",
    keeps="yes",
    keeps_data=True,
    address="http://127.0.0.1:{port}",
    command=_command,
    check=_check,
    settings=lambda place: {"mlflow": {"tracking_uri": place.url()}},
    prepare=_prepare,
    environment=(("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"), ("MLFLOW_DISABLE_TELEMETRY", "true")),
)
