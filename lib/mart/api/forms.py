"""What requests for recommendations and their answers look like: the models that check the ones and word the others.

In: parameters of a query or a body. Out: an Ask; and an Answer's keys as the service promises them.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mart.api.filters import Wish
from mart.api.recommend import Ask

MOST = 100  # products in a list
MANY = 200  # shoppers in one request

Id = Annotated[str, Field(min_length=1, max_length=256)]
UserId = Annotated[
    str, Path(min_length=1, max_length=256, description="Shopper's account; one who is unknown gets a list too.")
]
ProductId = Annotated[str, Path(min_length=1, max_length=256, description="The shop's number of the product.")]
Price = Annotated[float, Field(ge=0, le=1e14, allow_inf_nan=False)]


class Parameters(BaseModel):
    """What a list may hold."""

    model_config = ConfigDict(extra="forbid")

    n: int = Field(10, ge=1, le=MOST, description="Products wanted; so many are given wherever so many may be shown.")
    category: list[Id] = Field(
        [], max_length=50, description="Only products in it: a level of the path, or a path down to one."
    )
    category_mode: Literal["any", "all"] = Field("any", description="Several categories: in any of them, or in all.")
    min_price: Price | None = Field(None, description="Only products that cost so much at least.")
    max_price: Price | None = Field(None, description="Only products that cost so much at most.")
    brand: list[Id] = Field([], max_length=50, description="Only products of it, or of one of several.")
    in_stock: bool = Field(True, description="Leave out what is known to be out of stock.")
    exclude: list[Id] = Field([], max_length=1_000, description="Products that are not wanted.")
    session_id: Id | None = Field(
        None, description="The running visit: what was done in it counts, from before the login too."
    )
    variant: Id | None = Field(None, description="Show this variant of an experiment, whoever asks.")

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError("min_price is above max_price")
        return self

    def ask(self, user_id: str | None = None, products: tuple[str, ...] = ()) -> Ask:
        """Say it as the engine has it."""
        prices = {"min_price": self.min_price, "max_price": self.max_price}
        lists = {name: tuple(getattr(self, name)) for name in ("category", "brand", "exclude")}
        wish = Wish(category_mode=self.category_mode, in_stock=self.in_stock, **lists, **prices)  # type: ignore[arg-type]
        return Ask(user_id, self.session_id, products, self.n, wish, self.variant)


class Asked(Parameters):
    """Whom lists are for: a session, a list of products looked at, or many shoppers."""

    products: list[Id] = Field(
        [], max_length=1_000, description="What the visitor has looked at; they are not shown again."
    )
    user_ids: list[Id] = Field([], max_length=MANY, description="Shoppers, each of whom gets a list of its own.")

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"session_id": "s-1", "products": ["p17", "p4"], "n": 5}, {"user_ids": ["u1", "u2"]}]
        },
    )

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if self.user_ids and self.session_id is not None:
            raise ValueError("session_id is one visitor's: leave it out with user_ids")
        return self


class Item(BaseModel):
    """A product in a list."""

    product_id: str = Field(examples=["p17"])
    score: float = Field(
        description="Comparable between items that the same step of the ladder put there.", examples=[0.83]
    )
    rank: int = Field(description="Place, from 1.", examples=[1])
    reason: str = Field(
        description="Why it is there, for a person to read.", examples=["because you looked at Red kettle"]
    )
    title: str | None = Field(examples=["Blue kettle"])
    price: float | None = Field(description="In the catalogue's currency; null where unknown.", examples=[24.99])


class Answer(BaseModel):
    """A list of recommendations."""

    recommendation_id: str = Field(
        description="Send it back with impressions and clicks.", examples=["7.-.01KAZ5V4X3M8Q2T9R6W1Y0B7CD"]
    )
    model_version: str = Field(description="Version in the registry; 0 where there is no model.", examples=["7"])
    made_from_version: int | None = Field(
        description="Version of processed.events up to which the lake was read; the topic is followed from there.",
        examples=[41],
    )
    newest_event_at: datetime | None = Field(description="When the newest event happened that the server knows.")
    variant: str = Field(description="EXPERIMENT:VARIANT that the shopper is in; - for none.", examples=["-"])
    items: list[Item]


class ListOf(Answer):
    """A list, and whose it is."""

    user_id: str


class Lists(BaseModel):
    """The lists of many shoppers, in the order asked for."""

    lists: list[ListOf]


class Contribution(BaseModel):
    """What one product that the shopper had to do with adds to the score."""

    product_id: str
    title: str
    did: str = Field(description="What the shopper did with it.", examples=["bought"])
    contribution: float


class Because(BaseModel):
    """Why a product has its score. Without a model that knows shopper and product there is none, and nothing adds to it."""

    user_id: str
    product_id: str
    model_version: str
    score: float | None = Field(description="The sum of the contributions.")
    reason: str
    contributions: list[Contribution] = Field(description="Greatest first; negative ones speak against it.")


class WhyNot(BaseModel):
    """Why a product is not in a list."""

    user_id: str
    product_id: str
    shown: bool
    filters: list[str] = Field(description="Filters that keep it out.", examples=[["out_of_stock"]])
    rank: int | None = Field(description="The place that it has where no filter keeps it out.")
    says: str = Field(examples=["it is out of stock"])
