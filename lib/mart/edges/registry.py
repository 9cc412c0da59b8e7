"""The model registry: nothing else talks to MLflow.

A model is *recorded* (run, parameters, metrics, tags, the model itself as a new version), then the job writes its factors to
the lake under that version, and only then it is *released*: given the alias that serving follows. Killed anywhere before,
it leaves a version that nobody reads.

Without `mlflow.tracking_uri` the store is the file below the home folder that the server of `mart up` uses too.
"""

import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyspark
from pyspark.ml.recommendation import ALSModel

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
    import mlflow.pyfunc
    import mlflow.spark
    from mlflow.exceptions import MlflowException
    from mlflow.models import ModelSignature
    from mlflow.tracking import MlflowClient
    from mlflow.types import ColSpec, Schema
logging.getLogger("mlflow").setLevel(logging.ERROR)

CHAMPION, CHALLENGER = "champion", "challenger"

MADE_FROM = "made_from_version"


class RegistryAway(RuntimeError):
    """The server that the settings name does not answer."""


@dataclass(frozen=True)
class Released:
    """A version of the model that an alias points at, and the version of processed.events that it was trained on."""

    version: str
    made_from: int


def record(
    settings: Settings,
    model: ALSModel,
    made_from: int,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> str:
    """Keep a trained model with everything that says where it comes from. Returns its version in the registry."""
    client = _connect(settings)
    with mlflow.start_run(experiment_id=_experiment(client, settings), tags={MADE_FROM: str(made_from), **tags}) as run:
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
        _log(model, f"{settings.checkpoints}/mlflow")
    name, source = _registered(client, settings), f"{run.info.artifact_uri}/model"
    made = client.create_model_version(name, source, run.info.run_id, {MADE_FROM: str(made_from)})
    return str(made.version)


def release(settings: Settings, version: str, alias: str) -> None:
    """Point an alias at a version; readers follow it from now on."""
    _connect(settings).set_registered_model_alias(settings.mlflow.model, alias, version)


def released(settings: Settings, alias: str = CHAMPION) -> Released | None:
    """Find what an alias points at; None where there is no model or no such alias yet."""
    if not settings.mlflow.tracking_uri and not _database(settings).exists():
        return None  # a question must not spend seconds on making a store
    client, name = _connect(settings), settings.mlflow.model
    if not _exists(client, name):
        return None
    version = client.get_registered_model(name).aliases.get(alias)
    if version is None:
        return None
    return Released(str(version), int(client.get_model_version(name, str(version)).tags[MADE_FROM]))


def _connect(settings: Settings) -> MlflowClient:
    store = settings.mlflow.tracking_uri or f"sqlite:///{_database(settings)}"
    _database(settings).parent.mkdir(parents=True, exist_ok=True)
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


def _database(settings: Settings) -> Path:
    return settings.home / "mlflow" / "mlflow.db"


def _experiment(client: MlflowClient, settings: Settings) -> str:
    """Find or make the experiment; without a server its artifacts are files in the home folder."""
    found = client.get_experiment_by_name(settings.mlflow.experiment)
    if found:
        return str(found.experiment_id)
    artifacts = None if settings.mlflow.tracking_uri else (settings.home / "mlflow" / "artifacts").as_uri()
    return str(client.create_experiment(settings.mlflow.experiment, artifact_location=artifacts))


def _registered(client: MlflowClient, settings: Settings) -> str:
    name = settings.mlflow.model
    if not _exists(client, name):
        client.create_registered_model(name, description="Products for shoppers: implicit ALS on interactions.")
    return name


def _exists(client: MlflowClient, name: str) -> bool:
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True


def _log(model: ALSModel, scratch: str) -> None:
    """Log the model itself; requirements are given, since MLflow would else start a second Spark to find them out."""
    pair = {"user": model.userFactors.head(), "item": model.itemFactors.head()}
    example = pd.DataFrame({name: [row["id"]] for name, row in pair.items() if row}, dtype="int32")
    asked, told = Schema([ColSpec("integer", name) for name in pair]), Schema([ColSpec("float", "prediction")])
    requirements = [f"pyspark=={pyspark.__version__}"]
    mlflow.spark.log_model(
        model,
        "model",
        signature=ModelSignature(asked, told),
        input_example=example,
        pip_requirements=requirements,
        dfs_tmpdir=scratch,
    )
