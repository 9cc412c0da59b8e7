"""The model registry in MLflow: versions of the model, what is known of each, and the aliases that serving follows.

A model is *recorded* (edges/recording), then the job writes its factors to
the lake under that version, and only then it is *released*: given the alias that serving follows. Killed anywhere before,
it leaves a version that nobody reads. What was promoted when, by whom and why is in edges/promotions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mart.edges.tracking import (
    MlflowClient,
    MlflowException,
    RegistryAway,
    connect,
    mlflow,
    started,
)
from mart.settings import Als, Settings

__all__ = ["RegistryAway"]

CHAMPION, CHALLENGER = "champion", "challenger"

MADE_FROM, ALS, NOW = "made_from_version", "als", "now"
VERDICT = "gate"  # a tag: passed, or failed and in what
CARD, GATE = "card.md", "gate.json"  # files of the run


class NoVersion(LookupError):
    """The registry holds no such version of the model."""


@dataclass(frozen=True)
class Released:
    """A version of the model, and what everything that is computed with its factors has to know of its training."""

    version: str
    made_from: int  # version of processed.events
    als: Als = field(default=Als(), compare=False)
    now: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)  # instant that ages are counted from
    shoppers: int = field(default=0, compare=False)
    products: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Version:
    """All that the registry says of a version."""

    version: str
    aliases: tuple[str, ...]
    created_at: datetime
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]  # of the version: they change with its promotions
    run_id: str


def lineage(als: Als, now: datetime, shoppers: int, products: int, code_version: str) -> dict[str, str]:
    """Say as tags what `released` gives back."""
    counts = {"shoppers": str(shoppers), "products": str(products)}
    return {ALS: als.model_dump_json(), NOW: now.astimezone(UTC).isoformat(), **counts, "code_version": code_version}


def release(settings: Settings, version: str, alias: str) -> None:
    """Point an alias at a version; readers follow it from now on."""
    connect(settings).set_registered_model_alias(settings.mlflow.model, alias, version)


def withdraw(settings: Settings, alias: str, version: str) -> None:
    """Take an alias away from a version, if that is where it points."""
    client, name = connect(settings), settings.mlflow.model
    if str(client.get_registered_model(name).aliases.get(alias)) == version:
        client.delete_registered_model_alias(name, alias)


def released(settings: Settings, alias: str = CHAMPION) -> Released | None:
    """Find what an alias, or a version's own number, points at; None where there is no model or no such alias yet."""
    found = find(settings, alias)
    if found is None:
        return None
    tags = found.tags
    return Released(
        version=found.version,
        made_from=int(tags[MADE_FROM]),
        als=Als.model_validate_json(tags.get(ALS, "{}")),  # a version without was trained before there was a choice
        now=datetime.fromisoformat(tags[NOW]) if NOW in tags else found.created_at,
        shoppers=int(tags.get("shoppers", 0)),
        products=int(tags.get("products", 0)),
    )


def find(settings: Settings, name: str) -> Version | None:
    """Look up a version by number or alias; None where there is none."""
    if not started(settings):
        return None
    client, model = connect(settings), settings.mlflow.model
    try:
        aliases = client.get_registered_model(model).aliases
        if name not in aliases and not name.isdecimal():
            return None
        return _version(client, client.get_model_version(model, str(aliases.get(name, name))), aliases)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def get(settings: Settings, name: str) -> Version:
    """Look up a version by number or alias. Raises NoVersion."""
    found = find(settings, name)
    if found is None:
        raise NoVersion(f"the registry has no version {name} of {settings.mlflow.model}: see `mart models list`")
    return found


def versions(settings: Settings) -> list[Version]:
    """List all versions, newest first."""
    if not started(settings):
        return []
    client, name = connect(settings), settings.mlflow.model
    if not known(client, name):
        return []
    aliases, query = client.get_registered_model(name).aliases, f"name = '{name}'"
    some = client.search_model_versions(query)
    found = list(some)
    while some.token:
        some = client.search_model_versions(query, page_token=some.token)
        found += some
    return sorted((_version(client, one, aliases) for one in found), key=lambda one: -int(one.version))


def tag(settings: Settings, version: str, key: str, value: str) -> None:
    """Write a tag of a version."""
    connect(settings).set_model_version_tag(settings.mlflow.model, version, key, value)


def text(settings: Settings, version: Version, place: str) -> str | None:
    """Read a text file that was recorded with a version; None where there is none."""
    client = connect(settings)
    if place not in {file.path for file in client.list_artifacts(version.run_id)}:
        return None
    with TemporaryDirectory() as folder:
        return Path(client.download_artifacts(version.run_id, place, folder)).read_text()


def write_text(settings: Settings, version: Version, place: str, content: str) -> None:
    """Write a text file of a version anew."""
    connect(settings).log_text(version.run_id, content, place)


def _version(
    client: MlflowClient, found: mlflow.entities.model_registry.ModelVersion, aliases: Mapping[str, str]
) -> Version:
    run = str(found.run_id)
    data = client.get_run(run).data
    pointing = tuple(sorted(alias for alias, version in aliases.items() if str(version) == str(found.version)))
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return Version(str(found.version), pointing, created, data.params, data.metrics, found.tags, run)


def known(client: MlflowClient, name: str) -> bool:
    """Tell whether there is a model of this name."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True
