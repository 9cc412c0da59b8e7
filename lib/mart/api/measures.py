"""What the service counts, declared once; `GET /metrics` shows it in Prometheus' words.

In: numbers from wherever they arise. Out: prometheus_client's default registry, which holds the process's own figures too.
"""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_AGES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

LATENCY = Histogram(
    "mart_request_seconds",
    "From a request's first byte to the answer's last one, by route as it is declared.",
    ["method", "route", "status"],
    buckets=_FAST,
)
AGE = Histogram(
    "mart_event_to_recommendation_seconds",
    "From an event's arrival at the broker to the first snapshot that recommends with it.",
    buckets=_AGES,
)
FALLBACKS = Counter(
    "mart_recommendations", "Lists served, by the lowest step of the ladder that had to fill them.", ["step"]
)
EVENTS = Counter("mart_events", "Events sent to the collector, by outcome: accepted, or why not.", ["outcome"])
BOTS = Counter("mart_bot_events", "Accepted events of obvious bots: marked, not counted.")
REFUSALS = Counter("mart_refused_requests", "Requests turned away before they were looked into.", ["why"])
WAITING = Gauge("mart_events_waiting", "Events that the broker has not confirmed yet.")
