"""How the service is: `/health` (it answers), `/ready` (it can do its work, or what it lacks), `/metrics` (Prometheus)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

import mart
from mart.api.keys import Caller, needs
from mart.api.refusal import Problem

router = APIRouter(tags=["status"])


class Health(BaseModel):
    """It answers."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=[mart.__version__])


class Readiness(BaseModel):
    """What each part lacks, in sentences that say what to do; nothing where it can do its work."""

    ready: bool
    recommendations: list[str] = Field(examples=[["there is no champion: run `mart run batch/train_als`"]])
    collector: list[str] = Field(examples=[[]])


@router.get("/health")
async def health() -> Health:
    """Tell that the service answers, whatever it lacks."""
    return Health(status="ok", version=mart.__version__)


@router.get("/ready", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready."}})
async def ready(request: Request) -> JSONResponse:
    """Tell whether the service can do all of its work, and what it lacks."""
    state = request.app.state
    recommendations, collector = state.engine.lacks(), state.outlet.lacks()
    is_ready = not (recommendations or collector)
    found = Readiness(ready=is_ready, recommendations=recommendations, collector=collector)
    return JSONResponse(found.model_dump(), 200 if is_ready else 503)


@router.get("/metrics", response_class=Response, responses={s: {"model": Problem} for s in (401, 403, 429)})
def metrics(_: Annotated[Caller, Depends(needs("admin"))]) -> Response:
    """Give the figures of mart/api/measures and of the process, as Prometheus reads them; the scope is admin."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
