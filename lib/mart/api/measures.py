"""What the service counts, as mart/watch/metrics declares it; `GET /metrics` shows it in Prometheus' words.

In: numbers from wherever they arise. Out: prometheus_client's default registry, which holds the process's own figures too.
"""

from mart.watch import metrics
from mart.watch.exporting import counter, gauge, histogram

LATENCY = histogram(metrics.REQUEST_SECONDS)
AGE = histogram(metrics.EVENT_TO_RECOMMENDATION)
FALLBACKS = counter(metrics.RECOMMENDATIONS)
EVENTS = counter(metrics.EVENTS)
BOTS = counter(metrics.BOT_EVENTS)
REFUSALS = counter(metrics.REFUSED_REQUESTS)
WAITING = gauge(metrics.EVENTS_WAITING)
