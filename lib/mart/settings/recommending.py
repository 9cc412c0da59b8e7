"""The model, the service that answers with it, and what is tried on shoppers."""

from datetime import datetime

from pydantic import Field, SecretStr

from mart.settings.section import Section


class Taste(Section):
    """How acts become confidence that a shopper wants a product."""

    views: float = 1  # what one act says, in page views
    cart_adds: float = 3
    purchases: float = 10
    half_life_days: float = 0  # an act so old says half as much; 0: age does not matter
    clicks: float = 1  # on what a list showed, in page views
    ignored: float = 0.05  # times that it was shown and not clicked, as page views against it


class Als(Section):
    """Size and strength of the model."""

    taste: Taste = Taste()
    rank: int = 32
    iterations: int = 15
    regularisation: float = 0.3  # as good or better than 0.1 on all three data sets tried, above all for new shoppers
    alpha: float = 0.5
    blocks: int = 2
    top_n: int = 20
    seed: int = 42


class FoldIn(Section):
    """Which products streaming/fold_in places anew by their shoppers."""

    least_shoppers: int = 5  # before a product that the model does not know gets a place of its own
    most_shoppers: int = 10_000  # one that more shoppers know is not moved by a few, and costs most


class Gate(Section):
    """What a model must show to become champion."""

    confidence: float = 0.95  # of the intervals
    loss: float = 0.05  # share of the champion's nDCG that may be lost at most, however wide the interval
    segment_loss: float = 0.1  # the same in a segment, where the interval has to agree
    coverage: float = 0.01  # least share of the products that lists show, of what so many lists could show
    coverage_loss: float = 0.25  # share of the champion's coverage that may be lost
    scoring_ms: float = 100  # to rank all products for one shopper, median on one core
    least_shoppers: int = 30  # a segment with fewer is not judged
    most_shoppers: int = 20_000  # that are measured


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
    keys: dict[str, ApiKey] = Field(default_factory=dict)  # by name; without any, only a service on loopback answers
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
    models: dict[str, str] = Field(default_factory=dict)  # variant: alias or version of the model; else the champion
    start: datetime
    end: datetime
    interleave: bool = False  # both variants' lists in one, by team draft
