"""What is crawled, refined and told of other shops."""

from pydantic import Field, SecretStr

from mart.settings.section import Section
from mart.settings.watching import Route


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
    categories: dict[str, str] = Field(default_factory=dict)  # part of a shop's path of categories: our category
    own_shop: str = "own"  # name of our own shop beside the others
    drop: float = 0.05  # share by which a price must fall, or
    rise: float = 0.05  # rise, to be told
    thresholds: dict[str, float] = Field(
        default_factory=dict
    )  # of a product_key or a category, instead of drop and rise
    quiet_hours: float = 24  # nothing of the same kind is told of an offer again so soon
    sigmas: float = 4  # standard deviations of its own past prices that make a price an anomaly


class Slack(Section):
    """An incoming webhook of Slack."""

    webhook: SecretStr = SecretStr("")  # its whole address
    webhook_secret: str = ""  # or where that lies in Secrets Manager: name or ARN


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
    routes: dict[str, Route] = Field(
        default_factory=dict
    )  # by name; without any, every channel gets all that is worse than info
    tries: int = 5
    backoff_seconds: float = 1  # before the second try; doubles each time
    timeout_seconds: float = 10
