"""What there is to package for, declared once: which Python runs it, what it needs, how its folder is laid out.

In: nothing. Out: `TARGETS`. Every target is Linux with glibc 2.34, as Amazon Linux 2023 has it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mart.packaging import layouts
from mart.packaging.layouts import Parts

OURS = "product-mart"

# What the two functions import, to the last package: a function is loaded whole at each cold start.
OFFERS = ("boto3", "cryptography", "pyarrow", "pydantic", "pydantic-settings", "snowflake-connector-python")
SCRAPE = (
    *("aws-msk-iam-sasl-signer-python", "boto3", "click", "confluent-kafka", "pydantic", "pydantic-settings", "rich"),
    # Without scrapy-playwright: shops whose pages need a browser are crawled by a container.
    *("babel", "dateparser", "extruct", "lxml", "price-parser", "scrapy", "w3lib", "web-poet"),
)


@dataclass(frozen=True)
class Target:
    """One thing to package for."""

    name: str
    python: str  # as the target's release has it
    needs: tuple[str, ...]  # packages, with all that they need; OURS stands for what our wheel needs
    alone: tuple[str, ...]  # packages without what they need, for the cluster has that
    lay: Callable[[Parts], None]


# Delta's Python face needs pyspark, which is the cluster's, as is Delta's jar.
DELTA = ("delta-spark",)
TARGETS = {
    target.name: target
    for target in (
        Target("emr", "3.11", (OURS,), DELTA, layouts.emr),  # emr-spark-8.1.0 has 3.11 and 3.13
        Target("emr-serverless", "3.11", (OURS,), DELTA, layouts.serverless),
        Target("glue", "3.13", (OURS,), DELTA, layouts.glue),  # Glue 6.0
        Target("lambda-offers", "3.13", OFFERS, (), layouts.offers),
        Target("lambda-scrape", "3.13", SCRAPE, (), layouts.scrape),
    )
}
