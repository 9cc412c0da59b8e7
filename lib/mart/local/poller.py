"""Poll a topic for a Lambda function, as its event source mapping would (mart/local/mapping), until told to stop.

In: settings, how to poll, and a flag that says stop. Out: what the function did, offsets committed in the consumer group
`mart-poll-<topic>`, and records that failed to the end on the on-failure topic.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event

from mart.edges import groups, kafka, producing
from mart.edges.polling import Member, Received
from mart.local.mapping import Function, Mapping, Records, Stopped, Tally
from mart.settings import Section, Settings

LARGEST = 4_000_000  # bytes of a batch: in base64 they stay below the 6 MB that Lambda takes
REASON = 2_000  # characters of a reason that a header says

Tell = Callable[[str], None]


class Failed(RuntimeError):
    """Records were to be given up, and no on-failure topic was named to take them."""


@dataclass(frozen=True)
class Polling:
    """The settings of an event source mapping."""

    batch_size: int = 100
    window: float = 0.5  # seconds that a batch waits to be full
    retries: int = 10  # of a batch that fails; below 0: without end
    on_failure: str | None = None  # topic
    available_now: bool = False  # take what the topic holds now, then end


def poll(settings: Settings, how: Polling, invoke: Function, stop: Event, tell: Tell) -> Tally:
    """Poll until told to stop, or until the topic's present ends. Raises KafkaError and Failed."""
    brokers, topic = settings.kafka.brokers, settings.kafka.product_details
    with ExitStack() as stack:
        give_up = _target(stack, brokers, topic, how.on_failure)
        member = stack.enter_context(Member(brokers, topic, groups.polling(topic)))
        mapping = Mapping(invoke, member.commit, give_up, stop.wait, how.retries, brokers)
        while not stop.is_set() and not (how.available_now and member.at_the_ends()):
            batch = member.gather(how.batch_size, LARGEST, how.window, stop.is_set)
            if batch and not _deliver(mapping, batch, topic, tell):
                break
    return mapping.tally


def environment(settings: Settings) -> dict[str, str]:
    """Write settings as the variables that a Lambda function is configured with."""
    found = {"MART_HOME": str(settings.home)}
    for name in ("snowflake", "ingest", "aws"):
        section: Section = getattr(settings, name)
        values = {key: getattr(section, key) for key in type(section).model_fields}
        found |= {f"MART_{name}__{key}".upper(): str(value) for key, value in values.items() if value is not None}
    return found


def _deliver(mapping: Mapping, batch: Records, topic: str, tell: Tell) -> bool:
    """Deliver a batch and tell how that went; false where it was stopped and left for the next run."""
    start, before = time.monotonic(), mapping.tally.given_up
    try:
        mapping.deliver(batch)
    except Stopped:
        tell(f"{topic}: stopped; records of the batch at hand that failed so far stay in the topic")
        return False
    given_up = mapping.tally.given_up - before
    tell(f"{topic}: {len(batch):,} records, {given_up:,} given up, {time.monotonic() - start:.1f} s")
    return True


def _target(stack: ExitStack, brokers: str, topic: str, on_failure: str | None) -> Callable[[Records, str], None]:
    """Open what takes records that failed to the end. Raises NoTopic."""
    if on_failure is None:
        return _refuse
    kafka.partitions(brokers, on_failure)
    producer = stack.enter_context(producing.Producer(brokers))

    def give_up(records: Records, reason: str) -> None:
        for record in records:
            producer.send(on_failure, record.value, record.key, [*record.headers, *_why(record, reason)])
        producer.flush()

    return give_up


def _why(record: Received, reason: str) -> list[tuple[str, bytes]]:
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    return [(f"failed-{name}", str(value).encode()) for name, value in (place | {"because": reason[:REASON]}).items()]


def _refuse(records: Records, reason: str) -> None:
    first = records[0]
    raise Failed(
        f"{first.topic}, partition {first.partition}: {len(records)} records from offset {first.offset} on fail: {reason[:REASON]}. "
        "They stay in the topic: mend the cause and poll again, or name a topic for them with --on-failure"
    )
