"""AWS Lambda's event source mapping for Kafka, played on this machine: it invokes a function with batches of records.

In: batches, and a function as Lambda calls it. Out: offsets committed up to where the function has taken them. What it answers
as failed comes again. Where it raises, the batch comes again, and after its retries in halves. What fails to the end goes to the
on-failure target.
"""

import base64
import importlib.util
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mart.edges.polling import Received

log = logging.getLogger(__name__)

Function = Callable[[dict[str, Any], object], Any]
Records = Sequence[Received]

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a batch comes again; the wait doubles each time


class Stopped(Exception):
    """We were asked to stop while a batch waited to come again; it is not committed."""


class Outcome(NamedTuple):
    """What an invocation left over, and why."""

    left: Records
    reason: str = ""
    raised: bool = False


@dataclass
class Tally:
    """What has been done."""

    records: int = 0  # that the function has taken
    invocations: int = 0
    failures: int = 0  # invocations that left records over
    given_up: int = 0  # records


@dataclass(frozen=True)
class Mapping:
    """An event source mapping."""

    invoke: Function
    commit: Callable[[Records], None]  # these, and all before them, have been dealt with
    give_up: Callable[[Records, str], None]  # these have failed to the end, for this reason
    wait: Callable[[float], bool]  # so many seconds; true where we are asked to stop
    retries: int  # of a batch; below 0: without end
    brokers: str
    tally: Tally = field(default_factory=Tally)

    def deliver(self, records: Records, retries: int | None = None) -> None:
        """Bring a batch to the function until all of it is taken or given up. Raises Stopped, and what give_up raises."""
        most = self.retries if retries is None else retries
        attempts = 0
        while (outcome := self._try(records)).left:
            attempts = attempts + 1 if len(outcome.left) == len(records) else 0  # it made headway
            records = outcome.left
            if 0 <= most < attempts:
                self._give_in(outcome)
                return
            log.warning("%d records come again: %s", len(records), outcome.reason)
            if self.wait(min(FIRST_WAIT * 2.0 ** max(attempts - 1, 0), LONGEST_WAIT)):
                raise Stopped

    def _try(self, records: Records) -> Outcome:
        """Invoke the function once, and commit what it has taken."""
        self.tally.invocations += 1
        outcome = self._invoke(records)
        left = {(record.partition, record.offset) for record in outcome.left}
        if taken := [record for record in records if (record.partition, record.offset) not in left]:
            self.commit(taken)
            self.tally.records += len(taken)
        self.tally.failures += bool(outcome.left)
        return outcome

    def _invoke(self, records: Records) -> Outcome:
        try:
            failed = first_failures(self.invoke(event(records, self.brokers), None), records)
        except Exception as error:  # noqa: BLE001 whatever a function raises fails its batch, as in Lambda
            return Outcome(records, f"{type(error).__name__}: {error}", raised=True)
        left = [record for record in records if record.offset >= failed.get(record.partition, record.offset + 1)]
        return Outcome(left, "the function answered with batch item failures")

    def _give_in(self, outcome: Outcome) -> None:
        """Look for the records in a batch that make the function raise; give up what fails."""
        records, half = outcome.left, len(outcome.left) // 2
        if outcome.raised and half:
            self.deliver(records[:half], retries=0)
            self.deliver(records[half:], retries=0)
            return
        self.give_up(records, outcome.reason)
        self.commit(records)
        self.tally.given_up += len(records)


def function(file: Path) -> Function:
    """Load the `handler` of a function's file."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Function = module.handler
    return handler


def event(records: Records, brokers: str) -> dict[str, Any]:
    """Make the event that Lambda makes of records."""
    by_place: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_place.setdefault(f"{record.topic}-{record.partition}", []).append(_shown(record))
    return {"eventSource": "SelfManagedKafka", "bootstrapServers": brokers, "records": by_place}


def first_failures(answer: object, records: Records) -> dict[int, int]:
    """Read a partial batch response: the offset of each partition from which on it failed; none means all is well.

    Raises ValueError for a response about something else than this batch, which Lambda takes for a failure of all of it.
    """
    items = (answer.get("batchItemFailures") or []) if isinstance(answer, dict) else []
    given = {(f"{record.topic}-{record.partition}", record.offset): record.partition for record in records}
    failed: dict[int, int] = {}
    for item in items:
        named = item.get("itemIdentifier") if isinstance(item, dict) else None
        at = (named.get("topic-partition"), named.get("offset")) if isinstance(named, dict) else None
        if at not in given:
            raise ValueError(f"batchItemFailures names what is not in the batch: {item}")
        failed[given[at]] = min(failed.get(given[at], at[1]), at[1])
    return failed


def _shown(record: Received) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestampType": record.timestamp_type,
        "key": _base64(record.key),
        "value": _base64(record.value),
        "headers": [{name: list(value)} for name, value in record.headers],
    }


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
