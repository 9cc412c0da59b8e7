"""The registry on a SQLite store: what is recorded can be released, found and loaded, and nothing is printed."""

from pathlib import Path

import mlflow
import pytest
from pyspark.ml.recommendation import ALSModel
from pyspark.sql import SparkSession

from mart.edges import recording, registry
from mart.models import als
from mart.settings import Als, Mlflow, Settings


@pytest.fixture(scope="module")
def model(spark: SparkSession) -> ALSModel:
    pairs = [("u", "p", 1.0), ("v", "q", 1.0), ("u", "q", 1.0)]
    frame = spark.createDataFrame(pairs, "user_id STRING, product_id STRING, confidence FLOAT")
    return als.fit(frame, Als(rank=2, iterations=1, blocks=1)).model


def test_recorded_models_are_followed_by_alias(
    model: ALSModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.read(home=tmp_path)
    assert registry.released(settings) is None
    assert not (tmp_path / "mlflow").exists(), "a question made a store"

    about = {"params": {"rank": 2}, "metrics": {"ndcg_at_10": 0.5}, "tags": {"code_version": "test"}}
    first = recording.record(settings, model, made_from=7, **about)
    assert registry.released(settings) is None, "recorded is not released"
    registry.release(settings, first, registry.CHAMPION)
    second = recording.record(settings, model, made_from=9, **about)
    registry.release(settings, second, registry.CHALLENGER)

    assert registry.released(settings) == registry.Released(first, made_from=7)
    assert registry.released(settings, registry.CHALLENGER) == registry.Released(second, made_from=9)
    registry.release(settings, second, registry.CHAMPION)
    assert registry.released(settings) == registry.Released(second, made_from=9)
    assert capfd.readouterr() == ("", "")

    _says_where_it_comes_from(settings, first)


def _says_where_it_comes_from(settings: Settings, version: str) -> None:
    client = mlflow.MlflowClient()
    run = client.get_run(client.get_model_version(settings.mlflow.model, version).run_id)
    assert (run.data.params, run.data.metrics) == ({"rank": "2"}, {"ndcg_at_10": 0.5})
    assert (run.data.tags["made_from_version"], run.data.tags["code_version"]) == ("7", "test")
    info = mlflow.models.get_model_info(f"models:/{settings.mlflow.model}/{version}")
    assert info.signature.inputs.input_names() == ["user", "item"]
    assert info.saved_input_example_info is not None
    loaded = mlflow.spark.load_model(f"models:/{settings.mlflow.model}/{version}", dfs_tmpdir=f"{settings.home}/tmp")
    assert loaded.stages[0].rank == 2


def test_a_server_that_is_gone_is_said_within_seconds(tmp_path: Path) -> None:
    gone = Mlflow(tracking_uri="http://127.0.0.1:9")  # the discard port: nobody listens
    settings = Settings.read(home=tmp_path).model_copy(update={"mlflow": gone})
    with pytest.raises(registry.RegistryAway, match="does not answer"):
        registry.released(settings)
