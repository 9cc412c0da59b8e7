"""Places and sizes: what differs between a laptop, CI and EMR.

Layers, weakest first: the defaults here, conf/shops.toml where it lies beside the code, a file (conf/*.toml or s3://…),
`<home>/services.toml` as `mart up` writes it, `MART_*` variables (`MART_KAFKA__BROKERS=…`). An unknown key is an error at start.
"""

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mart.settings.market import Alerts, Offers, Scraping, Shop, Slack, Smtp, Sns
from mart.settings.places import ROOT
from mart.settings.platform import Aws, Container, Glue, Ingest, Kafka, Kinesis, Live, Mlflow, Snowflake, Submit
from mart.settings.recommending import Als, Api, ApiKey, Experiment, FoldIn, Gate, Taste
from mart.settings.section import Section
from mart.settings.source import SettingsError, text
from mart.settings.watching import Route, Watch

__all__ = [
    "ROOT",
    "SHOPS",
    "Alerts",
    "Als",
    "Api",
    "ApiKey",
    "Aws",
    "Container",
    "Experiment",
    "FoldIn",
    "Gate",
    "Glue",
    "Ingest",
    "Kafka",
    "Kinesis",
    "Live",
    "Mlflow",
    "Offers",
    "Route",
    "Scraping",
    "Section",
    "Settings",
    "SettingsError",
    "Shop",
    "Slack",
    "Smtp",
    "Snowflake",
    "Sns",
    "Submit",
    "Taste",
    "Watch",
]

SHOPS = ROOT / "conf" / "shops.toml"  # a wheel alone has none


class Settings(BaseSettings):
    """Everything a job is told from outside."""

    model_config = SettingsConfigDict(env_prefix="MART_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Path(".mart")
    lake: str = ""
    checkpoints: str = ""
    kafka: Kafka = Kafka()
    kinesis: Kinesis = Kinesis()
    snowflake: Snowflake = Snowflake()
    mlflow: Mlflow = Mlflow()
    aws: Aws = Aws()
    ingest: Ingest = Ingest()
    live: Live = Live()
    als: Als = Als()
    gate: Gate = Gate()
    fold_in: FoldIn = FoldIn()
    api: Api = Api()
    experiments: dict[str, Experiment] = {}
    scraping: Scraping = Scraping()
    shops: dict[str, Shop] = {}
    offers: Offers = Offers()
    alerts: Alerts = Alerts()
    glue: Glue = Glue()
    container: Container = Container()
    submit: Submit = Submit()
    watch: Watch = Watch()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    @classmethod
    def read(cls, file: str | Path | None = None, home: Path | None = None) -> Self:
        """Read the layers and settle the places. Raises SettingsError with one line a fault."""
        shops = _toml(SHOPS) if SHOPS.exists() else {}
        values = _merge(shops, _toml(file) if file else {})
        place = Path(home or values.get("home") or cls.model_fields["home"].default).absolute()
        services = place / "services.toml"
        merged = _merge(values, _toml(services) if services.exists() else {}) | {"home": place}
        try:
            settings = cls(**merged)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SettingsError(f"settings ({file or services}): {faults}") from None
        lake = _spelled(settings.lake or str(settings.home / "lake"))
        checkpoints = _spelled(settings.checkpoints or f"{lake}/_checkpoints")
        return settings.model_copy(update={"lake": lake, "checkpoints": checkpoints})


def _spelled(address: str) -> str:
    """Spell an address in S3 as Hadoop does everywhere: s3:// is another connector on EMR, and none elsewhere."""
    address = address.rstrip("/")
    return f"s3a://{address.removeprefix('s3://')}" if address.startswith("s3://") else address


def _toml(file: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text(file))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}") from None


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay `above` over `below`, section by section."""
    both = below.keys() & above.keys()
    nested = {key: _merge(below[key], above[key]) for key in both if isinstance(below[key], dict)}
    return below | above | nested
