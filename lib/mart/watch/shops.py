"""How the last crawl of each shop went, as `mart schedule` has noted it; a Lambda's crawls count as its invocations."""

from collections.abc import Iterator
from datetime import datetime

from mart import crawls
from mart.edges.outcomes import Outcomes
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import CRAWL_AGE, CRAWL_BLOCKED, CRAWL_ITEMS, CRAWL_SUCCEEDED

BLOCKED = "blocked"  # as a crawl calls its end where it was asked to prove that it is no robot


def shops(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Read what was noted of each shop."""
    if "://" in settings.scraping.state:
        return
    for shop, last in Outcomes(crawls.folder(settings)).read().items():
        summary = last["summary"] or {}
        yield CRAWL_SUCCEEDED.at(last["outcome"] == "finished", shop=shop)
        yield CRAWL_BLOCKED.at(summary.get("reason") == BLOCKED, shop=shop)
        yield CRAWL_ITEMS.at(summary.get("items", 0), shop=shop)
        yield CRAWL_AGE.at((now - datetime.fromisoformat(last["ended_at"])).total_seconds(), shop=shop)
