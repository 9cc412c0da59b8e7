"""How the models are: what the gate said of the newest, what was measured of those that serve, and how well they still know the shop."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mart.edges import duck, registry
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import KNOWN_SHARE, MODEL_AGE, MODEL_GATE, MODEL_QUALITY

LATELY = timedelta(days=1)
MOST = 10_000  # shoppers, or products, that are looked up
SIDES = {"shoppers": ("user_id", "batch.user_factors"), "products": ("product_id", "batch.item_factors")}


def models(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Ask the registry."""
    versions = registry.versions(settings)
    if versions and registry.VERDICT in versions[0].tags:
        yield MODEL_GATE.at(versions[0].tags[registry.VERDICT] == "passed")
    for version in versions:
        for alias in version.aliases:
            yield MODEL_AGE.at((now - version.created_at).total_seconds(), alias=alias)
            for measure, value in version.metrics.items():
                yield MODEL_QUALITY.at(value, alias=alias, measure=measure)


def drift(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Look up who and what the last day's events are about among those that the champion has learned."""
    champion = registry.released(settings)
    if champion is None:
        return
    since = now - LATELY
    for of, (column, table) in SIDES.items():
        lately = f"""SELECT DISTINCT {column} FROM processed.events WHERE event_day >= DATE '{since.date()}'
            AND event_at >= TIMESTAMPTZ '{since.isoformat()}' AND {column} IS NOT NULL LIMIT {MOST}"""
        learned = f"SELECT {column} FROM {table} WHERE model_version = '{champion.version}'"
        asked = f"SELECT COUNT(*), COUNT(*) FILTER ({column} IN ({learned})) FROM ({lately})"
        [counted] = duck.ask(settings, asked)[1]
        seen, known = (int(str(number)) for number in counted)
        if seen:
            yield KNOWN_SHARE.at(known / seen, of=of)
