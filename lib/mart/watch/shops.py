"""How the last crawl of each shop went, as `mart schedule` or the Lambda function has noted it."""

from collections.abc import Iterator
from datetime import datetime

from mart import crawls
from mart.edges.crawl_state import CrawlState
from mart.edges.outcomes import Document, Outcomes
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import CRAWL_AGE, CRAWL_BLOCKED, CRAWL_ITEMS, CRAWL_SUCCEEDED

BLOCKED = "blocked"  # as a crawl calls its end where it was asked to prove that it is no robot


def shops(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Read what was noted of each shop."""
    for shop, last in _noted(settings):
        summary = last["summary"] or {}
        yield CRAWL_SUCCEEDED.at(last["outcome"] == "finished", shop=shop)
        yield CRAWL_BLOCKED.at(summary.get("reason") == BLOCKED, shop=shop)
        yield CRAWL_ITEMS.at(summary.get("items", 0), shop=shop)
        yield CRAWL_AGE.at((now - datetime.fromisoformat(last["ended_at"])).total_seconds(), shop=shop)


def _noted(settings: Settings) -> Iterator[tuple[str, Document]]:
    if "://" not in settings.scraping.state:
        yield from Outcomes(crawls.folder(settings)).read().items()
        return
    state = CrawlState(settings.scraping.state, settings.aws)
    for shop in settings.shops:
        if last := state.outcome(shop):
            yield shop, last
