"""The read side of the service: what to show a shopper, what is like a product, and why.

In: requests, whose parameters are checked here. Out: lists as JSON. A shopper whom nobody knows gets a list too; a product that
nobody knows is a 404, a parameter that can't be is a 422, and what is not loaded yet a 503, each with one sentence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request

from mart.api import answers
from mart.api.answers import NotReady, UnknownProduct, UnknownVariant
from mart.api.engine import Engine
from mart.api.forms import Answer, Asked, Because, ListOf, Lists, Parameters, ProductId, UserId, WhyNot
from mart.api.keys import needs
from mart.api.refusal import Problem, Refusal

WORDS = {status: {"model": Problem} for status in (401, 403, 422, 429, 503)}

router = APIRouter(tags=["recommendations"], dependencies=[Depends(needs("read"))], responses=WORDS)  # type: ignore[arg-type]

Asking = Annotated[Parameters, Query()]


@router.get("/users/{user_id}/recommendations")
def recommendations(request: Request, user_id: UserId, asking: Asking) -> Answer:
    """List what a shopper wants next: by the model where they did anything, else what is popular."""
    with said():
        return _answer(engine(request).recommend(asking.ask(user_id)))


@router.post("/recommendations")
def recommendations_for_many(request: Request, asked: Annotated[Asked, Body()]) -> Answer | Lists:
    """List what an unknown visitor wants next, by the session or by products looked at; or make lists for many shoppers."""
    asking, products = engine(request), tuple(asked.products)
    with said():
        if not asked.user_ids:
            return _answer(asking.recommend(asked.ask(None, products)))
        made = ((user, asking.recommend(asked.ask(user, products))) for user in asked.user_ids)
        return Lists(lists=[ListOf(user_id=user, **dict(_answer(one))) for user, one in made])


@router.get("/products/{product_id}/similar", responses={404: {"model": Problem}})
def similar(request: Request, product_id: ProductId, asking: Asking) -> Answer:
    """List products like one; the score is the cosine of their factors."""
    with said():
        return _answer(engine(request).similar(product_id, asking.ask()))


@router.get("/users/{user_id}/because/{product_id}", responses={404: {"model": Problem}})
def because(request: Request, user_id: UserId, product_id: ProductId, asking: Asking) -> Because:
    """Say what of the things that a shopper did adds how much to a product's score."""
    with said():
        found = engine(request).because(product_id, asking.ask(user_id))
    return Because.model_validate({"user_id": user_id, "product_id": product_id, **vars(found)}, from_attributes=True)


@router.get("/users/{user_id}/why-not/{product_id}", responses={404: {"model": Problem}})
def why_not(request: Request, user_id: UserId, product_id: ProductId, asking: Asking) -> WhyNot:
    """Say which filter keeps a product out of a shopper's list, or at which place it stands."""
    with said():
        found = engine(request).why_not(product_id, asking.ask(user_id))
    return WhyNot.model_validate({"user_id": user_id, "product_id": product_id, **vars(found)})


@contextmanager
def said() -> Iterator[None]:
    """Turn what the engine can't do into a status and its sentence."""
    try:
        yield
    except UnknownProduct as error:
        raise Refusal(404, "unknown_product", str(error)) from None
    except UnknownVariant as error:
        raise Refusal(422, "unknown_variant", str(error)) from None
    except NotReady as error:
        raise Refusal(503, "not_ready", f"not ready yet: {error}", after=2) from None


def engine(request: Request) -> Engine:
    """Give the engine that a request is answered by."""
    found: Engine = request.app.state.engine
    return found


def _answer(made: answers.Answer) -> Answer:
    return Answer.model_validate(made, from_attributes=True)
