"""What another process shows to Prometheus, read as Prometheus reads it.

In: the address of a service, and a key where it asks for one. Out: its samples by name. The key stands in no error and no log.
"""

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

PATIENCE = 5.0  # seconds

Shown = list[tuple[dict[str, str], float]]


class NotShown(RuntimeError):
    """The service does not show its metrics; the message says what to do."""


def scrape(address: str, key: str = "") -> dict[str, Shown]:
    """Read `/metrics`. Raises NotShown."""
    url = f"{address.rstrip('/')}/metrics"
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotShown(f"{address} is no http address: see watch.service in the settings")
    request = urllib.request.Request(url, headers={"X-Api-Key": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise NotShown(f"{url} answers {error.code}: it wants a key of scope admin in api.keys") from None
    except OSError as error:
        raise NotShown(f"{url} does not answer ({error}): start `mart serve`, or correct watch.service") from None
    found: dict[str, Shown] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found
