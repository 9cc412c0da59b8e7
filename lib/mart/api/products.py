"""What there is to recommend: a product as the service knows it, and the categories that lists can be asked for."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from mart.api import shelf
from mart.api.forms import ProductId
from mart.api.keys import needs
from mart.api.recommendations import WORDS, engine, said
from mart.api.refusal import Problem

router = APIRouter(tags=["products"], dependencies=[Depends(needs("read"))], responses=WORDS)  # type: ignore[arg-type]


class Nothing(BaseModel):
    """No parameters: one that does not exist is refused here too."""

    model_config = ConfigDict(extra="forbid")


class Product(BaseModel):
    """A product as the catalogue has it."""

    product_id: str = Field(examples=["p17"])
    title: str | None = Field(examples=["Blue kettle"])
    brand: str | None = Field(description="In lower case.", examples=["alba"])
    category: str | None = Field(description="The path, in lower case.", examples=["kitchen.kettle"])
    price: float | None = Field(examples=[24.99])
    currency: str | None = Field(examples=["EUR"])
    in_stock: bool = Field(description="False only where it is known to be out of stock.")


class Category(BaseModel):
    """A category that lists can be asked for."""

    category: str = Field(description="A path, or the beginning of one, in lower case.", examples=["kitchen"])
    products: int = Field(description="Products within it.", examples=[64])


@router.get("/products/{product_id}", responses={404: {"model": Problem}})
def product(request: Request, product_id: ProductId, _: Annotated[Nothing, Query()]) -> Product:
    """Describe a product."""
    with said():
        return Product.model_validate(shelf.product(engine(request).snapshot(), product_id), from_attributes=True)


@router.get("/categories")
def categories(request: Request, _: Annotated[Nothing, Query()]) -> list[Category]:
    """List the categories, a path before those that it leads to."""
    with said():
        found = shelf.categories(engine(request).snapshot())
    return [Category.model_validate(one, from_attributes=True) for one in found]
