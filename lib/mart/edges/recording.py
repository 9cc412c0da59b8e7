"""Recording: a trained model becomes a version of the registry, with everything that says where it comes from.

In: MLlib's model, parameters, metrics, tags, files. Out: the new version's number; nobody follows it until it is released.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pandas as pd
import pyspark
from matplotlib.figure import Figure
from pyspark.ml.recommendation import ALSModel

from mart.edges import hadoop
from mart.edges.registry import MADE_FROM, known
from mart.edges.tracking import MlflowClient, connect, experiment, mlflow
from mart.settings import Settings

with warnings.catch_warnings():  # about MLflow's own type hints
    warnings.simplefilter("ignore")
    import mlflow.pyfunc
    import mlflow.spark
    from mlflow.models import Model, ModelSignature
    from mlflow.spark import _HadoopFileSystem
    from mlflow.types import ColSpec, Schema


def record(
    settings: Settings,
    model: ALSModel,
    made_from: int,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, str | Figure] | None = None,
) -> str:
    """Keep a trained model with everything that says where it comes from. Returns its version in the registry.

    `tags` (als as JSON, now, shoppers, products, code_version …) stand at the run and at the version: `lineage` makes them.
    """
    scratch = f"{settings.checkpoints}/mlflow"
    return register(settings, lambda: _log(model, scratch), made_from, params, metrics, tags, files)


def register(
    settings: Settings,
    log: Callable[[], None],
    made_from: int,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, str | Figure] | None = None,
) -> str:
    """Keep whatever `log` logs as artifact `model` of the run that is active. Returns its version in the registry."""
    client, tags = connect(settings), {MADE_FROM: str(made_from), **tags}
    with mlflow.start_run(experiment_id=experiment(client, settings), tags=tags) as run:
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
        for place, content in (files or {}).items():
            mlflow.log_text(content, place) if isinstance(content, str) else mlflow.log_figure(content, place)
        log()
    name, source = _registered(client, settings), f"{run.info.artifact_uri}/model"
    made = client.create_model_version(name, source, run.info.run_id, tags)
    return str(made.version)


def _registered(client: MlflowClient, settings: Settings) -> str:
    name = settings.mlflow.model
    if not known(client, name):
        client.create_registered_model(name, description="Products for shoppers: implicit ALS on interactions.")
    return name


def _log(model: ALSModel, scratch: str) -> None:
    """Log an ALS model with the active run, as artifact `model`.

    Requirements are given, since MLflow would else start a second Spark to find them out. MLflow's own log_model would
    also load the model once more to try the example.
    """
    pair = {"user": model.userFactors.head(), "item": model.itemFactors.head()}
    example = pd.DataFrame({name: [row["id"]] for name, row in pair.items() if row}, dtype="int32")
    asked, told = Schema([ColSpec("integer", name) for name in pair]), Schema([ColSpec("float", "prediction")])
    run = mlflow.active_run()
    assert run is not None
    with TemporaryDirectory() as folder, _copying_from(model, scratch):
        mlflow.spark.save_model(
            model,
            f"{folder}/model",
            mlflow_model=Model("model", run.info.run_id),
            signature=ModelSignature(asked, told),
            input_example=example,
            pip_requirements=[f"pyspark=={pyspark.__version__}"],
            dfs_tmpdir=scratch,
        )
        mlflow.log_artifacts(f"{folder}/model", "model")


@contextmanager
def _copying_from(model: ALSModel, scratch: str) -> Iterator[None]:
    """Let MLflow fetch what Spark has saved from where scratch is, S3 for one: it knows the default file system alone."""
    _HadoopFileSystem._filesystem, _ = hadoop.find(model.userFactors.sparkSession, scratch)
    try:
        yield
    finally:
        _HadoopFileSystem._filesystem = None
