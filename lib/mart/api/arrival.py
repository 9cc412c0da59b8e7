"""From the text of a request to events for the broker: filled in, judged, stamped; no HTTP and no clock of its own.

In: JSON text and what a request's events have in common. Out: for each its Result, and the accepted ones' keys and payloads. What
a sender wrote goes on as it was written. Attribution is decided here, once, so that a replay of the topic agrees with itself.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import BaseModel, Field

from mart import activity
from mart.activity import Pieces
from mart.schema.rows import Fault
from mart.settings import Ingest

ACCEPTED = "accepted"
FOLLOWING = ("cart_add", "purchase")  # what may come of a click
WRONG_CLOCK = timedelta(minutes=5)  # one that is less off is left alone, so that a repeat is the same event


class Click(Protocol):
    """A click on a list of recommendations."""

    @property
    def recommendation_id(self) -> str: ...

    @property
    def position(self) -> int | None: ...


class Clicks(Protocol):
    """What attribution needs of the engine."""

    def last_click(
        self, user_id: str | None, session_id: str | None, product_id: str, before: datetime
    ) -> Click | None:
        """Find the shopper's last click on a product, if it is recent enough."""


class Result(BaseModel):
    """What became of one event."""

    outcome: str = Field(description="`accepted`, or why it is refused.", examples=[ACCEPTED, "missing_field"])
    event_id: str | None = Field(None, description="As sent or filled in: a repeat with it and event_at counts once.")
    event_at: str | int | float | None = Field(None, description="As sent, or as filled in or put right.")
    detail: str | None = Field(None, description="The field, and value, that is the reason.", examples=["product_id"])


@dataclass(frozen=True)
class Arrival:
    """What the events of a request have in common."""

    sender: str  # name of the key
    bot: bool
    now: datetime
    behind: timedelta = timedelta(0)  # what a wrong clock lacks

    def __post_init__(self) -> None:
        assert self.now.tzinfo is not None


@dataclass(frozen=True)
class Judged:
    """One event: what became of it, and what is sent on if it is accepted."""

    result: Result
    key: bytes = b""
    payload: bytes = b""


def cut(body: str) -> tuple[list[str], str | None]:
    """Cut a body into its events and `sent_at`. Raises ValueError where it is no JSON of the three forms."""
    if body.lstrip(" \t\r\n")[:1] == "[":
        return activity.elements(body), None
    fields = activity.pieces(body)
    if "events" not in fields:
        return [body], None
    return activity.elements(fields["events"]), fields["sent_at"] if activity.given(fields, "sent_at") else None


def behind(sent_at: str, now: datetime) -> timedelta:
    """Tell what the sender's clock lacks, in whole minutes; nothing where it is about right. Raises ValueError."""
    said = activity.instant(sent_at)
    if said is None:
        raise ValueError("sent_at is no instant")
    off = now - said
    return timedelta(minutes=round(off / timedelta(minutes=1))) if abs(off) > WRONG_CLOCK else timedelta(0)


def judge(said: str, arrival: Arrival, rules: Ingest, clicks: Clicks) -> Judged:
    """Fill in, judge and stamp one event."""
    fields: Pieces = {}
    try:
        fields = _filled(activity.document(said.encode(), rules.max_payload_bytes), arrival)
        activity.check(fields, rules, arrival.now)
        payload = activity.whole(_stamped(fields, arrival, clicks))
        if len(payload) > rules.max_payload_bytes:
            raise Fault("too_large", f"{len(payload)} bytes")
    except Fault as fault:
        return Judged(_result(fields, fault.reason, fault.detail))
    shopper = activity.text(fields, "user_id") or activity.text(fields, "session_id") or ""
    return Judged(_result(fields, ACCEPTED), shopper.encode(errors="replace"), payload)


def _filled(fields: Pieces, arrival: Arrival) -> Pieces:
    """Fill in who and when; put the clock right."""
    if not activity.given(fields, "event_id"):
        fields = fields | {"event_id": json.dumps(uuid.uuid4().hex)}
    if not activity.given(fields, "event_at"):
        return fields | {"event_at": _written(arrival.now)}
    return fields | {"event_at": _put_right(fields["event_at"], arrival.behind)} if arrival.behind else fields


def _put_right(piece: str, behind: timedelta) -> str:
    """Move an instant; one that is none, or that the calendar ends before, is left for the verdict."""
    at = activity.instant(piece)
    try:
        return _written(at + behind) if at else piece
    except OverflowError:
        return piece


def _stamped(fields: Pieces, arrival: Arrival, clicks: Clicks) -> Pieces:
    """Note the sender, whether it is a bot, and the click that led here."""
    notes = {"sender": arrival.sender} | ({"bot": "true"} if arrival.bot else {})
    click = _click(fields, clicks)
    if click:
        fields = fields | {"recommendation_id": json.dumps(click.recommendation_id)}
        notes |= {} if click.position is None else {"position": str(click.position)}
    properties = activity.pieces(fields["properties"]) if activity.given(fields, "properties") else {}
    properties |= {name: json.dumps(value) for name, value in notes.items()}
    return fields | {"properties": activity.whole(properties).decode()}


def _click(fields: Pieces, clicks: Clicks) -> Click | None:
    """Find the click that a cart or purchase follows, unless it names a list itself."""
    if activity.given(fields, "recommendation_id") or activity.text(fields, "event_type") not in FOLLOWING:
        return None
    at, product = activity.instant(fields["event_at"]), activity.text(fields, "product_id")
    assert at is not None  # it has been judged
    assert product is not None
    return clicks.last_click(activity.text(fields, "user_id"), activity.text(fields, "session_id"), product, at)


def _result(fields: Pieces, outcome: str, detail: str | None = None) -> Result:
    """Say what became of an event, and by what a repeat is known."""
    at, named = fields.get("event_at", "null"), activity.text(fields, "event_id")
    return Result(
        outcome=outcome,
        event_id=named.encode(errors="replace").decode() if named else None,  # JSON can spell half a character
        event_at=json.loads(at) if activity.instant(at) else None,
        detail=detail,
    )


def _written(at: datetime) -> str:
    return json.dumps(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
