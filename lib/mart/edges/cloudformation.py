"""AWS CloudFormation: stacks brought to what is wanted, and what became of them.

In: a `Wanted` stack. Out: `created`, `updated`, `unchanged` or `removed`; events are told as they come. A change that
fails is rolled back by AWS, and raised here with the reason of the resource that failed first.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any, Literal

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws

What = Literal["created", "updated", "unchanged", "removed"]
Tell = Callable[[str], None]
REFUSED = "ValidationError"  # CloudFormation's code for all it has no code for: its words tell which
MISSING = "does not exist"
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
HALF_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS", "DELETE_FAILED"}
MAY_MAKE_ROLES = ["CAPABILITY_IAM"]


class StackError(AwsError):
    """A stack did not become what was asked; the message names it and its resource, and why."""


@dataclass(frozen=True)
class Wanted:
    """A stack as it should be."""

    name: str
    body: str
    parameters: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Spell it as CloudFormation takes it."""
        return {
            "StackName": self.name,
            "TemplateBody": self.body,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in sorted(self.parameters.items())],
            "Tags": [{"Key": k, "Value": v} for k, v in sorted(self.tags.items())],
            "Capabilities": MAY_MAKE_ROLES,
        }


@dataclass(frozen=True)
class Found:
    """A stack as it is."""

    name: str
    stack_id: str
    state: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    changed_at: datetime


@dataclass(frozen=True)
class Change:
    """What would become of one resource."""

    action: str  # Add, Modify, Remove
    resource: str
    type: str
    replacement: bool = False


class CloudFormation:
    """The stacks of an account and region."""

    def __init__(self, at: Aws, tell: Tell = lambda line: None, pause: float = 5) -> None:
        self._client = aws.client("cloudformation", at, tries=8)  # who waits for a stack asks often, and is throttled
        self._tell, self._pause = tell, pause

    def find(self, name: str) -> Found | None:
        """Describe a stack by its name or id; None where there is none. Raises AwsError."""
        try:
            (one,) = self._ask("describe_stacks", StackName=name)["Stacks"]
        except AwsError as error:
            if error.code == REFUSED and MISSING in str(error):
                return None
            raise
        if one["StackStatus"] == "DELETE_COMPLETE" and one["StackId"] != name:
            return None
        return Found(
            name=one["StackName"],
            stack_id=one["StackId"],
            state=one["StackStatus"],
            parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in one.get("Parameters", [])},
            outputs={o["OutputKey"]: o["OutputValue"] for o in one.get("Outputs", [])},
            changed_at=one.get("LastUpdatedTime", one["CreationTime"]),
        )

    def resources(self, name: str) -> dict[str, tuple[str, str]]:
        """List what a stack holds: the type and physical id by the name in the template."""
        found = self._ask("describe_stack_resources", StackName=name)["StackResources"]
        made = [one for one in found if one.get("PhysicalResourceId")]
        return {one["LogicalResourceId"]: (one["ResourceType"], one["PhysicalResourceId"]) for one in made}

    def preview(self, wanted: Wanted) -> list[Change] | None:
        """Say what would become of a stack that stands; None if it is as wanted. Raises AwsError."""
        change_set = self._change_set(wanted)
        if change_set is None:
            return None
        found = [one["ResourceChange"] for one in change_set.get("Changes", [])]
        self._ask("delete_change_set", ChangeSetName=change_set["ChangeSetId"])
        return [
            Change(one["Action"], one["LogicalResourceId"], one["ResourceType"], one.get("Replacement") == "True")
            for one in found
        ]

    def settle(self, wanted: Wanted) -> What:
        """Create or update a stack and wait for it; one that is as wanted is left alone. Raises AwsError."""
        there = self._at_rest(wanted.name)
        if there is not None and there.state in HALF_MADE:
            self._tell(f"{wanted.name}: {there.state}, a creation that failed; it is removed and made anew")
            self.remove(wanted.name)
            there = None
        if there is None:
            made = self._ask("create_stack", **wanted.request(), OnFailure="DELETE")
            self._wait(wanted.name, made["StackId"], "CREATE_COMPLETE")
            return "created"
        change_set = self._change_set(wanted)
        if change_set is None:
            return "unchanged"
        newest = self._newest_event(there.stack_id)
        self._ask("execute_change_set", ChangeSetName=change_set["ChangeSetId"])
        self._wait(wanted.name, there.stack_id, "UPDATE_COMPLETE", newest)
        return "updated"

    def remove(self, name: str) -> What:
        """Remove a stack and wait for it. Raises AwsError."""
        there = self._at_rest(name)
        if there is None:
            return "unchanged"
        newest = self._newest_event(there.stack_id)
        self._ask("delete_stack", StackName=there.stack_id)
        self._wait(name, there.stack_id, "DELETE_COMPLETE", newest)
        return "removed"

    def _at_rest(self, name: str) -> Found | None:
        """Find a stack once nothing happens to it: a former run may have been interrupted."""
        there = self.find(name)
        while there is not None and there.state.endswith("_IN_PROGRESS") and there.state != "REVIEW_IN_PROGRESS":
            self._tell(f"{name}: {there.state}, waiting for what somebody else began")
            time.sleep(self._pause)
            there = self.find(name)
        return there

    def _change_set(self, wanted: Wanted) -> dict[str, Any] | None:
        """Have CloudFormation work out what differs; None for nothing."""
        name = f"mart-{uuid.uuid4().hex[:12]}"
        try:
            made = self._ask("create_change_set", **wanted.request(), ChangeSetName=name, ChangeSetType="UPDATE")
        except AwsError as error:
            if error.code == REFUSED and _says_no_changes(str(error)):
                return None
            raise
        while True:
            found = self._ask("describe_change_set", ChangeSetName=made["Id"])
            if found["Status"] == "CREATE_COMPLETE":
                return found
            if found["Status"] == "FAILED":
                break
            time.sleep(self._pause)
        self._ask("delete_change_set", ChangeSetName=made["Id"])
        reason = str(found.get("StatusReason", ""))
        if _says_no_changes(reason):
            return None
        raise StackError(f"{wanted.name}: {reason}")

    def _wait(self, name: str, stack_id: str, good: str, after: str = "") -> None:
        """Tell events after a known one until the stack is at rest. Raises StackError with what failed first."""
        told = after
        while True:
            there = self.find(stack_id)
            for event in self._events(stack_id, told):
                self._tell(f"{name}: {event['LogicalResourceId']} {event['ResourceStatus']}")
                told = event["EventId"]
            if there is None or not there.state.endswith("_IN_PROGRESS"):
                break
            time.sleep(self._pause)
        state = there.state if there else "DELETE_COMPLETE"
        if state != good:
            raise StackError(f"{name}: {state}: {self._failure(stack_id, after) or 'its events do not say why'}")

    def _failure(self, stack_id: str, after: str) -> str:
        """Say which resource failed first and why; the others are then only cancelled."""
        for event in self._events(stack_id, after):
            reason = " ".join(str(event.get("ResourceStatusReason", "")).split())
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
        return ""

    def _newest_event(self, stack_id: str) -> str:
        events = self._ask("describe_stack_events", StackName=stack_id)["StackEvents"]
        return str(events[0]["EventId"]) if events else ""

    def _events(self, stack_id: str, after: str) -> list[dict[str, Any]]:
        """List a stack's events after a known one, the oldest first; AWS gives the newest first, in pages."""
        events = aws.pages(self._client, "describe_stack_events", "StackEvents", StackName=stack_id)
        return list(takewhile(lambda event: event["EventId"] != after, events))[::-1]

    def _ask(self, operation: str, **call: object) -> dict[str, Any]:
        return aws.ask(self._client, operation, **call)


def _says_no_changes(reason: str) -> bool:
    return any(words in reason for words in NO_CHANGES)
