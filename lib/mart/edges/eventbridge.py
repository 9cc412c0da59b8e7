"""AWS EventBridge: rules that start our Lambda function on a schedule, brought to what is wanted.

In: rules. Out: a `Change` each; what is as wanted already is not written, and with `dry` nothing is. Only rules whose names begin
with PREFIX are ours: no other is touched. Whether a rule is enabled is left to people: one they have disabled stays so.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws

PREFIX = "mart-crawl-"
TARGET = "crawl"  # id of a rule's only target
What = Literal["created", "updated", "removed", "unchanged"]


@dataclass(frozen=True)
class Rule:
    """A rule that invokes a function with an input."""

    name: str
    expression: str
    description: str
    function: str  # ARN
    input: dict[str, Any]

    def target(self) -> dict[str, str]:
        return {"Id": TARGET, "Arn": self.function, "Input": json.dumps(self.input, sort_keys=True)}


@dataclass(frozen=True)
class Change:
    """What became of one rule."""

    name: str
    what: What
    expression: str


class EventBridge:
    """The default bus of an account and region, the only one that knows schedules; with `dry` it is never written."""

    def __init__(self, at: Aws, dry: bool = False) -> None:
        self._client, self._dry = aws.client("events", at), dry

    def settle(self, wanted: Iterable[Rule]) -> list[Change]:
        """Create, update and remove rules until ours are those wanted. Raises AwsError."""
        asked = {rule.name: rule for rule in wanted}
        there = {rule["Name"]: rule for rule in aws.pages(self._client, "list_rules", "Rules", NamePrefix=PREFIX)}
        gone = [self._remove(there[name]) for name in sorted(there.keys() - asked.keys())]
        return [*(self._settle(rule, there.get(name)) for name, rule in sorted(asked.items())), *gone]

    def _settle(self, rule: Rule, there: dict[str, Any] | None) -> Change:
        given = {"ScheduleExpression": rule.expression, "Description": rule.description}
        targets = self._targets(rule.name) if there else []
        strange = [one["Id"] for one in targets if one["Id"] != TARGET]
        alike = there is not None and given.items() <= there.items()
        if alike and targets == [rule.target()]:
            return Change(rule.name, "unchanged", rule.expression)
        if not self._dry:
            aws.ask(self._client, "put_rule", Name=rule.name, State=(there or {}).get("State", "ENABLED"), **given)
            self._all("put_targets", Rule=rule.name, Targets=[rule.target()])
            if strange:
                self._all("remove_targets", Rule=rule.name, Ids=strange)
        return Change(rule.name, "updated" if there else "created", rule.expression)

    def _remove(self, there: dict[str, Any]) -> Change:
        name = there["Name"]
        if not self._dry:
            if ids := [one["Id"] for one in self._targets(name)]:
                self._all("remove_targets", Rule=name, Ids=ids)
            aws.ask(self._client, "delete_rule", Name=name)
        return Change(name, "removed", there.get("ScheduleExpression", ""))

    def _targets(self, rule: str) -> list[dict[str, Any]]:
        return list(aws.pages(self._client, "list_targets_by_rule", "Targets", Rule=rule))

    def _all(self, operation: str, **call: object) -> None:
        """Ask for something of which parts may fail; then all of it has failed."""
        if faults := aws.ask(self._client, operation, **call).get("FailedEntries"):
            said = f"{faults[0].get('ErrorCode')}: {faults[0].get('ErrorMessage')}"
            raise AwsError(f"EventBridge: {operation} {call['Rule']}: {said}; run it again")
