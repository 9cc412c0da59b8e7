"""`POST /events`: what shoppers do, judged at the door and sent on; 202 only when the broker has every accepted event.

In: one event, an array of them, or `{"events": [...], "sent_at": ...}`, whatever the content type says. Out: what became of each.
api/tracker is the page's part.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from mart.api import arrival, measures
from mart.api.arrival import ACCEPTED, Arrival, Judged, Result
from mart.api.bots import is_bot
from mart.api.eventform import REQUEST
from mart.api.keys import Caller, needs
from mart.api.refusal import Problem, Refusal
from mart.edges.collecting import Busy
from mart.settings import Settings

router = APIRouter(tags=["collector"])


class Receipt(BaseModel):
    """What became of a request's events, in their order."""

    accepted: int = Field(description="Events that the broker has [events].", examples=[1])
    refused: int = Field(description="Events that are none, and went nowhere [events].", examples=[0])
    results: list[Result]


class Again(BaseModel):
    """Events that are to be sent again, with event_id and event_at as they stand here, so that a repeat counts once."""

    error: str
    results: list[Result] = []


_REFUSALS: dict[int | str, dict[str, Any]] = {
    **{status: {"model": Problem} for status in (400, 401, 403, 413)},
    422: {"model": Receipt, "description": "None of the events was acceptable."},
    429: {"model": Again, "description": "Too many requests, or the broker can't keep up: see Retry-After."},
}


@router.post(
    "/events",
    status_code=202,
    response_model=Receipt,
    responses=_REFUSALS,
    openapi_extra={"requestBody": REQUEST},
)
async def collect(request: Request, caller: Annotated[Caller, Depends(needs("collect"))]) -> JSONResponse:
    """Take events in. Each is judged by itself; accepted ones are sent on together, refused ones hold nothing up.

    202: the broker has every accepted event. 429: come again with the same events.
    """
    state, settings = request.app.state, _settings(request)
    said, sent_at = _cut(await _body(request, settings.api.largest_body), settings.api.most_events)
    common = _arrival(request, caller, sent_at)
    judged = [arrival.judge(one, common, settings.ingest, state.engine) for one in said]
    good = [(one.key, one.payload) for one in judged if one.payload]
    try:
        await asyncio.wrap_future(state.outlet.send(good))
    except Busy as busy:
        return _again(judged, busy)
    return _receipt(judged, common)


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


async def _body(request: Request, largest: int) -> str:
    """Read the body, and no more of it than may be. Raises Refusal."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > largest:
            raise Refusal(413, "too_large", f"a body has at most {largest:,} bytes: send fewer events at a time")
    try:
        return read.decode()
    except UnicodeDecodeError:
        raise Refusal(400, "not_json", "the body is no UTF-8") from None


def _cut(body: str, most: int) -> tuple[list[str], str | None]:
    """Cut a body into events. Raises Refusal."""
    try:
        said, sent_at = arrival.cut(body)
    except ValueError:
        forms = 'one event, an array of events, or {"events": [...]}'
        raise Refusal(400, "not_json", f"the body is not the JSON that is taken: send {forms}") from None
    if len(said) > most:
        raise Refusal(413, "too_many", f"a request has at most {most:,} events: send fewer at a time")
    return said, sent_at


def _arrival(request: Request, caller: Caller, sent_at: str | None) -> Arrival:
    """Say what the request's events have in common. Raises Refusal."""
    now = datetime.now(UTC)
    try:
        late = arrival.behind(sent_at, now) if sent_at else timedelta(0)
    except ValueError:
        raise Refusal(400, "sent_at", "sent_at is no instant: write ISO 8601 or epoch milliseconds") from None
    return Arrival(caller.name, caller.page and is_bot(request.headers), now, late)


def _receipt(judged: list[Judged], common: Arrival) -> JSONResponse:
    results = [one.result for one in judged]
    counts = Counter(result.outcome for result in results)
    for outcome, count in counts.items():
        measures.EVENTS.labels(outcome).inc(count)
    accepted = counts[ACCEPTED]
    measures.BOTS.inc(accepted if common.bot else 0)
    receipt = Receipt(accepted=accepted, refused=len(judged) - accepted, results=results)
    return JSONResponse(receipt.model_dump(exclude_none=True), 202 if accepted or not judged else 422)


def _again(judged: list[Judged], busy: Busy) -> JSONResponse:
    measures.REFUSALS.labels("busy").inc()
    results = [
        one.result if not one.payload else one.result.model_copy(update={"outcome": "unconfirmed"}) for one in judged
    ]
    again = Again(error=f"{busy}; send it again after Retry-After seconds", results=results)
    return JSONResponse(again.model_dump(exclude_none=True), 429, {"Retry-After": str(busy.seconds)})
