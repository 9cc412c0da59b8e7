"""AWS EventBridge: rules that start our Lambda function on a schedule, brought to what is wanted.

In: rules. Out: a `Change` each; what is as wanted already is not written, and with `dry` nothing is. Only rules whose names begin
with PREFIX are ours: no other is touched. Whether a rule is enabled is left to people: one they have disabled stays so.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mart.settings import Aws

PREFIX = "mart-crawl-"
TARGET = "crawl"  # id of a rule's only target
What = Literal["created", "updated", "removed", "unchanged"]


class RulesError(RuntimeError):
    """EventBridge did not do what was asked; the message says what to do."""


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

    def __init__(self, aws: Aws, dry: bool = False) -> None:
        patience = Config(retries={"mode": "standard", "total_max_attempts": 6})
        self._client = boto3.client(
            "events", region_name=aws.region, endpoint_url=aws.endpoint_url or None, config=patience
        )
        self._dry = dry

    def settle(self, wanted: Iterable[Rule]) -> list[Change]:
        """Create, update and remove rules until ours are those wanted. Raises RulesError."""
        asked = {rule.name: rule for rule in wanted}
        there = {rule["Name"]: rule for rule in self._rules()}
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
            self._ask("put_rule", Name=rule.name, State=(there or {}).get("State", "ENABLED"), **given)
            self._all("put_targets", Rule=rule.name, Targets=[rule.target()])
            if strange:
                self._all("remove_targets", Rule=rule.name, Ids=strange)
        return Change(rule.name, "updated" if there else "created", rule.expression)

    def _remove(self, there: dict[str, Any]) -> Change:
        name = there["Name"]
        if not self._dry:
            if ids := [one["Id"] for one in self._targets(name)]:
                self._all("remove_targets", Rule=name, Ids=ids)
            self._ask("delete_rule", Name=name)
        return Change(name, "removed", there.get("ScheduleExpression", ""))

    def _rules(self) -> list[dict[str, Any]]:
        return self._pages("list_rules", "Rules", NamePrefix=PREFIX)

    def _targets(self, rule: str) -> list[dict[str, Any]]:
        return self._pages("list_targets_by_rule", "Targets", Rule=rule)

    def _pages(self, operation: str, key: str, **call: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = self._ask(operation, **call)
            found += answer[key]
            if not answer.get("NextToken"):
                return found
            call["NextToken"] = answer["NextToken"]

    def _all(self, operation: str, **call: object) -> None:
        """Ask for something of which parts may fail; then all of it has failed."""
        if faults := self._ask(operation, **call).get("FailedEntries"):
            said = f"{faults[0].get('ErrorCode')}: {faults[0].get('ErrorMessage')}"
            raise RulesError(f"EventBridge: {operation} {call['Rule']}: {said}; run it again")

    def _ask(self, operation: str, **call: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**call)
        except ClientError as error:
            said = error.response.get("Error", {})
            why = f"{said.get('Code')}: {said.get('Message')}"
            raise RulesError(f"EventBridge: {operation}: {why}; check the rights events:{_right(operation)}") from None
        except BotoCoreError as error:
            raise RulesError(f"EventBridge: {operation}: {error}; check the credentials and the aws settings") from None
        return answer


def _right(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
