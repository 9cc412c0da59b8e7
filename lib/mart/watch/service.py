"""How fast the HTTP service answers, by its own /metrics: what it has answered since the last look."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from mart.edges import exposition
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import ANSWER_SECONDS, FAST, REQUEST_SECONDS

MOST = 0.99  # of the requests

Buckets = Counter[tuple[str, float]]  # route and upper bound: requests that took so long at most


class Service:
    """The service, and what it had counted when it was looked at last."""

    def __init__(self) -> None:
        self._before: Buckets = Counter()

    def __call__(self, settings: Settings, now: datetime) -> Iterator[Sample]:
        """Look at the service, where the settings say where it is."""
        if not settings.watch.service:
            return
        keys = (one.key.get_secret_value() for one in settings.api.keys.values() if "admin" in one.scopes)
        shown = exposition.scrape(settings.watch.service, next(keys, ""))
        counted: Buckets = Counter()
        for labels, value in shown.get(f"{REQUEST_SECONDS.name}_bucket", []):
            counted[labels["route"], float(labels["le"])] += int(value)
        before = self._before if all(counted[at] >= number for at, number in self._before.items()) else Counter()
        self._before = counted  # where it counts less than before, it was started anew
        for route in sorted({route for route, _ in counted}):
            if (bound := percentile(route, counted, before)) is not None:
                yield ANSWER_SECONDS.at(bound, route=route)


def percentile(
    route: str, counted: Mapping[tuple[str, float], int], before: Mapping[tuple[str, float], int]
) -> float | None:
    """Give the bound within which MOST of the requests since then were answered; None where there were none."""
    bounds = sorted(bound for name, bound in counted if name == route)
    fresh = {bound: counted[route, bound] - before.get((route, bound), 0) for bound in bounds}
    if not fresh or fresh[bounds[-1]] == 0:
        return None
    bound = next(bound for bound in bounds if fresh[bound] >= MOST * fresh[bounds[-1]])
    return min(bound, 2 * FAST[-1])  # the last bucket has no bound
