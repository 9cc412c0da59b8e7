"""The HTTP service as one ASGI application: collector, recommendations and status, and what is true of every answer.

In: settings, an engine that recommends, an outlet that takes events. Out: a FastAPI application whose lifespan starts and stops both.
Every error is `{"error": "a sentence that says what to do"}`; every answer is timed, and carries headers that browsers heed.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as AnyHttpException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import mart
from mart.api import collector, measures, products, recommendations, status, tracker
from mart.api.arrival import Clicks
from mart.api.keys import Keys
from mart.api.refusal import problem
from mart.edges.collecting import Outlet
from mart.settings import Settings

_ON_THIS_MACHINE = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Engine(Clicks, Protocol):
    """What the application itself needs of an engine; the routes of recommendations need more (mart/api/engine)."""

    def start(self) -> None:
        """Load what there is, and follow what comes."""

    def stop(self) -> None:
        """End what `start` began."""

    def lacks(self) -> list[str]:
        """Say what is missing until it can answer."""


def app(settings: Settings, engine: Engine, outlet: Outlet) -> FastAPI:
    """Put the service together."""
    made = FastAPI(
        title="Product-Mart",
        version=mart.__version__,
        summary="What shoppers do comes in, what they should see next goes out.",
        lifespan=_lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    keys = Keys(settings.api)
    made.state.settings, made.state.engine, made.state.outlet, made.state.keys = settings, engine, outlet, keys
    for router in (collector.router, tracker.router, recommendations.router, products.router, status.router):
        made.include_router(router)
    made.add_exception_handler(AnyHttpException, _refused)
    made.add_exception_handler(RequestValidationError, _invalid)
    made.add_exception_handler(Exception, _failed)
    made.add_middleware(
        CORSMiddleware,
        allow_origins=keys.origins(),
        allow_origin_regex=None if settings.api.keys else _ON_THIS_MACHINE,
        allow_methods=["GET", "POST"],
        allow_headers=["X-Api-Key", "Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
        max_age=3600,
    )
    made.add_middleware(_Outermost)
    return made


@asynccontextmanager
async def _lifespan(made: FastAPI) -> AsyncIterator[None]:
    """Start the outlet and the engine, and stop them when every request has been answered."""
    engine: Engine = made.state.engine
    outlet: Outlet = made.state.outlet
    measures.WAITING.set_function(lambda: outlet.waiting)
    await run_in_threadpool(outlet.start)
    await run_in_threadpool(engine.start)
    try:
        yield
    finally:
        await run_in_threadpool(engine.stop)
        await run_in_threadpool(outlet.stop)


class _Outermost:
    """Times each request, and adds the headers that every answer carries."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        began, told = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                told = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._inner(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "(none)")
            method = scope["method"] if route != "(none)" else "(any)"  # else a stranger's words would be kept
            measures.LATENCY.labels(method, route, str(told)).observe(time.perf_counter() - began)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    """Say why a request is turned away, also where a router did so."""
    assert isinstance(error, AnyHttpException)
    own = isinstance(error, HTTPException)
    sentence = error.detail if own else f"{error.detail}: /openapi.json lists what there is".lower()
    return problem(error.status_code, str(sentence), dict(error.headers or {}))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Name each parameter that can't be used; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(map(str, one['loc'][1:])) or one['loc'][0]}: {one['msg']}" for one in error.errors()]
    return problem(422, "; ".join(faults))


async def _failed(_: Request, __: Exception) -> JSONResponse:
    """Keep a defect's details in the log."""
    return problem(500, "this is a defect of the service: its log says more")
