"""The door to MLflow: a client for the store of the settings, and MLflow itself without its noise. No Spark.

Without `mlflow.tracking_uri` the store is the file below the home folder that the server of `mart up` uses too.
"""

import logging
import os
import warnings
from pathlib import Path

from mart.settings import Settings

# MLflow waits minutes for a server that is gone, prints links on stdout and progress bars, phones home, looks for git,
# and warns about type hints of its own when it is imported.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mlflow
    import mlflow.entities.model_registry
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
logging.getLogger("mlflow").setLevel(logging.ERROR)

__all__ = [
    "MlflowClient",
    "MlflowException",
    "RegistryAway",
    "connect",
    "database",
    "experiment",
    "mlflow",
    "started",
]


class RegistryAway(RuntimeError):
    """The server that the settings name does not answer."""


def connect(settings: Settings) -> MlflowClient:
    """Open the store; the first time makes it. Raises RegistryAway."""
    store = settings.mlflow.tracking_uri or f"sqlite:///{database(settings)}"
    database(settings).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    client = MlflowClient(store, store)
    if settings.mlflow.tracking_uri:
        _reach(client, store)
    return client


def _reach(client: MlflowClient, store: str) -> None:
    try:
        client.search_registered_models(max_results=1)
    except MlflowException as error:
        raise RegistryAway(f"MLflow at {store} does not answer (`mart up` starts the local one): {error}") from error


def started(settings: Settings) -> bool:
    """Say whether there is a store at all: a question must not spend seconds on making one."""
    return bool(settings.mlflow.tracking_uri) or database(settings).exists()


def database(settings: Settings) -> Path:
    """Tell where the store lies that needs no server."""
    return settings.home / "mlflow" / "mlflow.db"


def experiment(client: MlflowClient, settings: Settings) -> str:
    """Find or make the experiment; without a server its artifacts are files in the home folder."""
    found = client.get_experiment_by_name(settings.mlflow.experiment)
    if found:
        return str(found.experiment_id)
    artifacts = None if settings.mlflow.tracking_uri else (settings.home / "mlflow" / "artifacts").as_uri()
    return str(client.create_experiment(settings.mlflow.experiment, artifact_location=artifacts))
