"""The event of a Kafka event source mapping, and the answer to it.

In: the event as Lambda gets it, from MSK (`aws:kafka`) or from a cluster of one's own (`SelfManagedKafka`). Out: its records by
topic-partition; and a partial batch response, which names the first record of each topic-partition that must come again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

SOURCES = ("aws:kafka", "SelfManagedKafka")

Event = Mapping[str, Any]
Response = dict[str, list[dict[str, dict[str, Any]]]]


class NoKafkaEvent(ValueError):
    """The function was called by something else than a Kafka event source mapping."""


class Place(NamedTuple):
    """A topic-partition."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic-partition; its value is still in base64, None where it has none."""

    offset: int
    value: str | None


Records = Mapping[Place, list[Record]]


def records(event: Event) -> dict[Place, list[Record]]:
    """Give each topic-partition's records in order, each offset once. Raises NoKafkaEvent."""
    if event.get("eventSource") not in SOURCES or not isinstance(event.get("records"), dict):
        raise NoKafkaEvent(
            f"eventSource is {event.get('eventSource')!r}, not one of {', '.join(SOURCES)}, or has no records"
        )
    found: dict[Place, dict[int, Record]] = {}
    for given in (one for listed in event["records"].values() for one in listed):
        place, offset = Place(given["topic"], given["partition"]), given["offset"]
        found.setdefault(place, {}).setdefault(offset, Record(offset, given.get("value")))
    return {place: [by_offset[offset] for offset in sorted(by_offset)] for place, by_offset in found.items()}


def response(failed: Iterable[tuple[Place, int]]) -> Response:
    """Say from which offset on each topic-partition must come again; nothing failed where there is none."""
    items = [{"topic-partition": str(place), "offset": offset} for place, offset in failed]
    return {"batchItemFailures": [{"itemIdentifier": item} for item in items]}
