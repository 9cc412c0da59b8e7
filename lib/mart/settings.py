"""Places and sizes: what differs between a laptop, CI and EMR.

Layers, weakest first: the defaults here, conf/shops.toml where it lies beside the code, a file (conf/*.toml),
`<home>/services.toml` as `mart up` writes it, `MART_*` variables (`MART_KAFKA__BROKERS=…`). An unknown key is an error at start.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SHOPS = Path(__file__).parents[2] / "conf" / "shops.toml"  # a wheel carries none


class SettingsError(ValueError):
    """Settings that can't be used; the message says which key and where."""


class Section(BaseModel):
    """A group of settings; an unknown key in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kafka(Section):
    """Where activity and offers come from."""

    brokers: str = ""  # empty: there is no Kafka, only landed files
    activity: str = "activity"
    product_details: str = "product-details"
    product_details_rejects: str = "product-details-rejects"  # what a spider could not vouch for
    offer_alerts: str = "offer-alerts"
    max_offsets_per_trigger: int = 500_000


class Snowflake(Section):
    """Where serving tables are published to."""

    host: str = ""  # empty: nothing is published
    port: int = 443
    protocol: str = "https"
    account: str = ""
    user: str = ""
    role: str = ""
    warehouse: str = ""
    database: str = "PRODUCT_MART"
    schema_name: str = "SERVING"
    private_key_file: Path | None = None
    rows_per_file: int = 1_000_000  # of the Parquet files that are put to a stage: some 20 to 60 MB
    tries: int = 6
    backoff_seconds: float = 2  # before the second try; doubles each time
    login_seconds: int = 30
    statement_seconds: int = 3600  # a longer one is cancelled


class Mlflow(Section):
    """Where models are tracked and registered."""

    tracking_uri: str = ""  # empty: a SQLite store in the home folder
    experiment: str = "product-mart"
    model: str = "recommender"


class Aws(Section):
    """Where AWS is; an endpoint only for an emulator."""

    endpoint_url: str = ""
    region: str = "eu-central-1"


class Ingest(Section):
    """What ingest takes for good."""

    max_payload_bytes: int = 1_000_000
    future_minutes: int = 10
    max_files_per_trigger: int = 1_000


class Live(Section):
    """How often the live job works."""

    trigger_seconds: float = 0  # 0: as soon as there is something


class Taste(Section):
    """How acts become confidence that a shopper wants a product."""

    views: float = 1  # what one act says, in page views
    cart_adds: float = 3
    purchases: float = 10
    half_life_days: float = 0  # an act so old says half as much; 0: age does not matter


class Als(Section):
    """Size and strength of the model."""

    taste: Taste = Taste()
    rank: int = 32
    iterations: int = 15
    regularisation: float = 0.1
    alpha: float = 0.5
    blocks: int = 2
    top_n: int = 20
    seed: int = 42


class ApiKey(Section):
    """Who may call the HTTP service, and for what."""

    key: SecretStr
    scopes: tuple[str, ...] = ("read",)  # read, collect, admin
    origins: tuple[str, ...] = ()  # pages that may send with it; a collector's key is public, so it is bound to them
    per_second: float = 0  # requests at most; 0: as `api.per_second`


class Api(Section):
    """The HTTP service: collector and recommendations."""

    host: str = "127.0.0.1"
    port: int = 8000
    keys: dict[str, ApiKey] = {}  # by name; without any, only a service on loopback answers
    per_second: float = 1_000  # requests of one key
    largest_body: int = 500_000  # bytes
    most_events: int = 500  # of one batch
    most_waiting: int = 10_000  # events that the broker has not confirmed; more are refused with 429
    session_minutes: float = 30  # idle
    attribution_hours: float = 24  # from a click to the cart and the purchase that it counts for
    repurchase_days: float = 0  # a product bought is shown again after so long; 0: never
    refresh_seconds: float = 60  # how often a newer model, catalogue and version of the lake are looked for
    warm_up_share: float = 0  # of a list's places that are given to new products


class Experiment(Section):
    """Variants shown to shares of the shoppers for a while. Sections [experiments.NAME] of a settings file."""

    variants: dict[str, float]  # name: share; what is missing to 1 sees the champion outside of the experiment
    models: dict[str, str] = {}  # variant: alias or version of the model; else the champion
    start: datetime
    end: datetime
    interleave: bool = False  # both variants' lists in one, by team draft


class Shop(Section):
    """A shop that is crawled. Sections [shops.NAME] of conf/shops.toml, or of any settings file."""

    start: tuple[str, ...]  # addresses where a crawl begins: listings or product pages
    domains: tuple[str, ...] = ()  # hosts that belong to it; empty: the hosts of `start`
    cron: str = ""  # when it is crawled, UTC, as cron writes it; empty: only when asked for
    limit: int = 1_000  # product pages of one crawl
    javascript: bool = False  # its pages are rendered by a browser
    delay_seconds: float = 1  # least pause between two requests; autothrottle makes it longer
    concurrent: int = 2  # requests at a time
    private: bool = False  # may lie at a private address: the demo shop alone


class Scraping(Section):
    """How shops are crawled."""

    contact: str = "https://example.com/product-mart-crawler"  # stands in the user agent: say how to reach you
    state: str = ""  # folder of what crawls remember; empty: `crawls` in the home folder
    largest_page: int = 5_000_000  # bytes
    redirects: int = 5
    retries: int = 5


class Offers(Section):
    """How offers are refined, and what is worth telling."""

    reference_currency: str = "EUR"
    categories: dict[str, str] = {}  # part of a shop's path of categories: our category
    own_shop: str = "own"  # name of our own shop beside the others
    drop: float = 0.05  # share by which a price must fall, or
    rise: float = 0.05  # rise, to be told
    thresholds: dict[str, float] = {}  # of a product_key or a category, instead of drop and rise
    quiet_hours: float = 24  # nothing of the same kind is told of an offer again so soon
    sigmas: float = 4  # standard deviations of its own past prices that make a price an anomaly


class Slack(Section):
    """An incoming webhook of Slack."""

    webhook: SecretStr = SecretStr("")  # its whole address


class Smtp(Section):
    """A mail server, and whom it mails to."""

    host: str = ""
    port: int = 587
    user: str = ""  # empty: the server asks for no password
    password: SecretStr = SecretStr("")
    starttls: bool = True
    sender: str = ""
    recipients: tuple[str, ...] = ()


class Sns(Section):
    """A topic of SNS."""

    topic_arn: str = ""


class Alerts(Section):
    """Where alerts go; a channel without a place does not exist."""

    slack: Slack = Slack()
    smtp: Smtp = Smtp()
    sns: Sns = Sns()
    tries: int = 5
    backoff_seconds: float = 1  # before the second try; doubles each time
    timeout_seconds: float = 10


class Glue(Section):
    """Where tables are registered, and how Glue reaches Snowflake."""

    database: str = "mart"
    crawler_role: str = ""  # ARN or name of the role that the crawler takes on; empty: no crawler
    snowflake_secret: str = ""  # Secrets Manager's name of username and password of a reader in Snowflake
    snowflake_schemas: tuple[str, ...] = ("SERVING", "MART")


class Container(Section):
    """The container task that crawls shops whose pages need a browser."""

    cluster: str = ""  # name or ARN; empty: there is none, and such shops are refused
    task_definition: str = ""  # family, family:revision, or ARN
    name: str = "scrape"  # of the container in the task definition
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    public_ip: bool = False  # needed in a subnet without NAT
    minutes: float = 120  # a crawl that takes longer is told to stop; the next one goes on with it


class Settings(BaseSettings):
    """Everything a job is told from outside."""

    model_config = SettingsConfigDict(env_prefix="MART_", env_nested_delimiter="__", extra="forbid", frozen=True)

    home: Path = Path(".mart")
    lake: str = ""
    checkpoints: str = ""
    kafka: Kafka = Kafka()
    snowflake: Snowflake = Snowflake()
    mlflow: Mlflow = Mlflow()
    aws: Aws = Aws()
    ingest: Ingest = Ingest()
    live: Live = Live()
    als: Als = Als()
    api: Api = Api()
    experiments: dict[str, Experiment] = {}
    scraping: Scraping = Scraping()
    shops: dict[str, Shop] = {}
    offers: Offers = Offers()
    alerts: Alerts = Alerts()
    glue: Glue = Glue()
    container: Container = Container()

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
    def read(cls, file: Path | None = None, home: Path | None = None) -> Self:
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
        lake = settings.lake or str(settings.home / "lake")
        checkpoints = settings.checkpoints or f"{lake}/_checkpoints"
        return settings.model_copy(update={"lake": lake, "checkpoints": checkpoints})


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise SettingsError(f"no settings file {file}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}") from None


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay `above` over `below`, section by section."""
    both = below.keys() & above.keys()
    nested = {key: _merge(below[key], above[key]) for key in both if isinstance(below[key], dict)}
    return below | above | nested
