"""What moto never does, played by a CloudFormation of our own: stacks that take their time, fail, or are half made."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote

import pytest

from mart.edges import msk
from mart.edges.aws import AwsError
from mart.edges.cloudformation import CloudFormation, StackError, Wanted
from mart.settings import Aws

WANTED = Wanted("shop-streams", '{"Resources": {}}', {})
ID = "arn:aws:cloudformation:eu-central-1:1:stack/shop-streams/1"
AT = "2026-11-26T08:00:00.000Z"
CANCELLED = ("Kafka", "AWS::MSK::Cluster", "CREATE_FAILED", "Resource creation cancelled")
REFUSED = ("Activity", "AWS::Kinesis::Stream", "CREATE_FAILED", "LimitExceeded:\n 20 shards at most")
Event = tuple[str, str, str, str]


class Played:
    """A CloudFormation with one stack, whose states come one after another; the last one stays."""

    def __init__(self, states: list[str], events: Sequence[Event] = (), later: Sequence[Event] = ()) -> None:
        self.states, self.events, self.asked = states, list(events), list[str]()
        self.later = later  # events of a removal

    def answer(self, action: str) -> tuple[int, str]:
        self.asked.append(action)
        self.events += self.later if action == "DeleteStack" else ()
        if action == "DescribeStacks":
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return self._stack(state)
        if action == "DescribeStackEvents":
            newest_first = [self._event(number) for number in range(len(self.events))][::-1]
            return 200, f"<StackEvents>{''.join(newest_first)}</StackEvents>"
        return 200, f"<StackId>{ID}</StackId>"

    def _stack(self, state: str) -> tuple[int, str]:
        if state == "absent":
            return 400, "<Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error>"
        about = f"<StackName>{WANTED.name}</StackName><StackId>{ID}</StackId><CreationTime>{AT}</CreationTime>"
        return 200, f"<Stacks><member>{about}<StackStatus>{state}</StackStatus></member></Stacks>"

    def _event(self, number: int) -> str:
        resource, kind, state, reason = self.events[number]
        return (
            f"<member><EventId>{number}</EventId><StackId>{ID}</StackId>"
            f"<LogicalResourceId>{resource}</LogicalResourceId>"
            f"<ResourceType>{kind}</ResourceType><ResourceStatus>{state}</ResourceStatus><Timestamp>{AT}</Timestamp>"
            f"<ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        )


@contextmanager
def playing(played: Played) -> Iterator[Aws]:
    """Serve AWS' query protocol, and the one path of MSK."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            action = asked["Action"][0]
            status, body = played.answer(action)
            whole = f"<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"
            self._send(status, whole if status == 200 else f"<ErrorResponse>{body}</ErrorResponse>", "text/xml")

        def do_GET(self) -> None:
            found = {"bootstrapBrokerStringSaslIam": "b1:9098,b2:9098"} if "open" in unquote(self.path) else {}
            self._send(200, json.dumps(found), "application/json")

        def _send(self, status: int, body: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Aws(endpoint_url=f"http://127.0.0.1:{server.server_port}", region="eu-central-1")
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def somebody(credentials: None) -> None:
    """Have credentials."""


def test_a_creation_that_fails_tells_why_its_first_resource_did() -> None:
    told: list[str] = []
    played = Played(["absent", "CREATE_IN_PROGRESS", "DELETE_COMPLETE"], [REFUSED, CANCELLED])
    with playing(played) as aws, pytest.raises(StackError) as caught:
        CloudFormation(aws, told.append, pause=0.01).settle(WANTED)
    why = "Activity (AWS::Kinesis::Stream): LimitExceeded: 20 shards at most"
    assert str(caught.value) == f"shop-streams: DELETE_COMPLETE: {why}"
    assert told == ["shop-streams: Activity CREATE_FAILED", "shop-streams: Kafka CREATE_FAILED"], "each event once"


def test_a_stack_that_somebody_else_changes_is_waited_for() -> None:
    told: list[str] = []
    played = Played(["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "absent", "CREATE_COMPLETE"])
    with playing(played) as aws:
        assert CloudFormation(aws, told.append, pause=0.01).settle(WANTED) == "created"
    assert told == ["shop-streams: UPDATE_IN_PROGRESS, waiting for what somebody else began"] * 2


def test_what_a_failed_creation_left_is_removed_first() -> None:
    played = Played(["ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_COMPLETE", "CREATE_COMPLETE"])
    with playing(played) as aws:
        assert CloudFormation(aws, pause=0.01).settle(WANTED) == "created"
    assert played.asked.index("DeleteStack") < played.asked.index("CreateStack")


def test_a_removal_that_fails_tells_which_resource_is_still_used() -> None:
    used = ("Vpc", "AWS::EC2::VPC", "DELETE_FAILED", "has dependencies")
    played = Played(["CREATE_COMPLETE", "DELETE_FAILED"], [REFUSED], later=[used])
    with playing(played) as aws, pytest.raises(StackError) as caught:
        CloudFormation(aws, pause=0.01).remove(WANTED.name)
    assert str(caught.value) == "shop-streams: DELETE_FAILED: Vpc (AWS::EC2::VPC): has dependencies", "not the old one"


def test_brokers_are_those_of_the_listener_that_signs_in_by_iam() -> None:
    with playing(Played(["absent"])) as aws:
        assert msk.brokers("arn:aws:kafka:eu-central-1:1:cluster/open/1", aws) == "iam://b1:9098,b2:9098"
        with pytest.raises(AwsError, match="has no listener that signs in by IAM"):
            msk.brokers("arn:aws:kafka:eu-central-1:1:cluster/closed/1", aws)
