"""AWS Lambda that crawls one shop, started by a rule of `mart schedule --aws` or any event: {"shop": NAME}.

Handler: `scrape_lambda.handler`. Settings are conf/shops.toml beside the code and `MART_*` variables; MART_SCRAPING__STATE is
s3://bucket/prefix. Shops whose pages need a browser are crawled by a container task (MART_CONTAINER__*) that runs this file as
a program: `python jobs/streaming/scrape_lambda.py SHOP [LIMIT]`. Give the function 15 minutes, and no retries of its own
(MaximumRetryAttempts 0): a shop that has asked for a human is not to be asked again at once. No Spark.
"""

import json
import sys
from functools import cache
from typing import Protocol

from mart.scraping import Answer, Event, Scraper
from mart.settings import Settings
from mart.watch.invocations import counted


class Context(Protocol):
    """What Lambda tells an invocation about itself."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def scraper() -> Scraper:
    """Make what warm invocations share."""
    return Scraper(Settings.read())


@counted("scrape")
def handler(event: Event, context: Context) -> Answer:
    """Crawl the event's shop for as long as the invocation has. Raises what went wrong, so that it is counted."""
    return scraper()(event, context.get_remaining_time_in_millis() / 1000, context.aws_request_id)


if __name__ == "__main__":
    print(json.dumps(scraper().main(sys.argv[1:])))
