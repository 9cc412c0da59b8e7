"""The systems that jobs talk to, and how much they take at once."""

from pathlib import Path

from pydantic import field_validator

from mart.settings.section import Section

DOORS = ("tls", "iam")  # how one signs in to Kafka; without one of them, not at all


def door_and_hosts(brokers: str) -> tuple[str, str]:
    """Take the address of brokers apart: one of DOORS or nothing, and host:port,… Raises ValueError for what is no such address."""
    door, found, hosts = brokers.rpartition("://")
    if (found and door not in DOORS) or (brokers and not all(host.strip() for host in hosts.split(","))):
        raise ValueError(f"{brokers!r} is no host:port,host:port, with tls:// or iam:// before all of them or nothing")
    return door, hosts


class Kafka(Section):
    """Where activity and offers come from."""

    brokers: str = ""  # [tls://|iam://]host:port,…; empty: there is no Kafka, only landed files
    activity: str = "activity"
    product_details: str = "product-details"
    product_details_rejects: str = "product-details-rejects"  # what a spider could not vouch for
    offer_alerts: str = "offer-alerts"
    max_offsets_per_trigger: int = 500_000

    @field_validator("brokers")
    @classmethod
    def _known(cls, brokers: str) -> str:
        door_and_hosts(brokers)
        return brokers


class Kinesis(Section):
    """The stream that carries activity in Kafka's place."""

    activity: str = ""  # its name; empty: Kafka's topic does
    max_records_per_trigger: int = 200_000  # of all shards together
    accept_loss: bool = False  # go on where records have expired before they were read; for one start


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
    private_key_secret: str = ""  # in Secrets Manager, by name or ARN, where there is no file
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


class Submit(Section):
    """Where `mart submit` runs jobs, and what they are made of."""

    release: str = ""  # s3://BUCKET/RELEASE, which `mart package --to` has filled
    cluster: str = ""  # EMR's id of a cluster, j-…
    application: str = ""  # EMR Serverless' id of an application
    role: str = ""  # ARN of the role that jobs of EMR Serverless and Glue take on
    logs: str = ""  # s3://BUCKET/PREFIX for the logs of EMR Serverless
    glue_worker: str = "G.1X"
    glue_workers: int = 2  # the least that Glue takes
