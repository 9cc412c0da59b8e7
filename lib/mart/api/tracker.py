"""`GET /tracker.js`: the page's part of the collector, which keeps a visit and a click as long as the settings say."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from mart.settings import Api

SOURCE = (Path(__file__).parent / "static" / "tracker.js").read_text(encoding="utf-8")
IDLE, CLICKS = "18e5", "864e5"  # milliseconds, as the source has them: half an hour and a day

router = APIRouter(tags=["collector"])


@router.get("/tracker.js", response_class=Response, responses={200: {"content": {"text/javascript": {}}}, 304: {}})
async def tracker(request: Request) -> Response:
    """Give the script that pages send events with."""
    api: Api = request.app.state.settings.api
    body = script(api.session_minutes, api.attribution_hours)
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    kept = {"ETag": tag, "Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=kept)
    return Response(body, headers=kept, media_type="text/javascript")


@cache
def script(session_minutes: float, attribution_hours: float) -> bytes:
    """Write the windows into the source."""
    idle, clicks = f"{session_minutes:g}*6e4", f"{attribution_hours:g}*36e5"
    return SOURCE.replace(IDLE, idle).replace(CLICKS, clicks).encode()
