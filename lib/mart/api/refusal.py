"""A request that is turned away: a status, and one sentence that says what to do. Every error of the service looks like this."""

import math

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from mart.api import measures


class Problem(BaseModel):
    """What is wrong with a request, and what to do about it."""

    error: str = Field(examples=["n: Input should be less than or equal to 100"])


class Refusal(HTTPException):
    """A request that is turned away; `why` is its name in the metrics."""

    def __init__(self, status: int, why: str, sentence: str, after: float = 0) -> None:
        super().__init__(status, sentence, {"Retry-After": str(max(1, math.ceil(after)))} if after else None)
        measures.REFUSALS.labels(why).inc()


def problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with a sentence; half a character, which JSON can spell and a sentence may quote, becomes a question mark."""
    return JSONResponse({"error": sentence.encode(errors="replace").decode()}, status, headers)
