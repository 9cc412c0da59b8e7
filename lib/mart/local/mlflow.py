"""MLflow on one machine: a tracking server on a SQLite store that also serves the artifacts.

We start the web application that `mlflow server` starts, as it starts it, without the command itself: that would do
nothing but wait, with half the memory (260 MB) and half the time to start.
"""

import sys

from mart.local.http import get
from mart.local.service import Place, Service


def _command(place: Place) -> list[str]:
    address = ["--host", "127.0.0.1", "--port", str(place.port)]
    return [sys.executable, "-m", "uvicorn", "mart.local.mlflow_app:app", *address, "--log-level", "warning"]


def _environment(place: Place) -> dict[str, str]:
    folder = place.home / "mlflow"
    return {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",  # names as in mlflow.server.constants
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _prepare(place: Place) -> None:
    (place.home / "mlflow" / "artifacts").mkdir(parents=True, exist_ok=True)


def _check(place: Place) -> None:
    get(f"{place.url()}/health")


SERVICE = Service(
    name="mlflow",
    title="MLflow",
    keeps="all",
    keeps_data=True,
    address="http://127.0.0.1:{port}",
    command=_command,
    check=_check,
    settings=lambda place: {"mlflow": {"tracking_uri": place.url()}},
    prepare=_prepare,
    environment=_environment,
)
