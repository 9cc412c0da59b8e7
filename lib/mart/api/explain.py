"""Why a product is shown: what each thing that the shopper did adds to its score.

In: the model and what the shopper did. Out: contributions that sum to the score, and the reason in words.
Source: Hu, Koren, Volinsky 2008, section 5 (doi:10.1109/ICDM.2008.22).
"""

from dataclasses import dataclass

import numpy as np

from mart.api.catalogue import Catalogue, Numbers
from mart.api.history import Acts
from mart.api.ladder import Place
from mart.api.model import Model
from mart.models import foldin
from mart.tables.recommendations import BECAUSE, BOUGHT, IN_CART, LOOKED

WORDS = {
    "fold_in": "popular with shoppers like you",
    "category_and_brand": "popular where you looked",
    "segment": "popular in departments that you visit",
    "popular": "popular in the shop",
    "new": "new in the shop",
    "similar": "much like it",
}
SCORES = 2_000_000  # contributions held at once: reasons of longer histories look at the surest


@dataclass(frozen=True)
class Contribution:
    """What one product in the shopper's history adds to the score of another."""

    product_id: str
    title: str
    did: str
    contribution: float


def contributions(model: Model, acts: Acts, product: int, numbers: Numbers, shown: Catalogue) -> list[Contribution]:
    """Take a score of the model apart, greatest part first; they sum to the score. Nothing where the model knows too little."""
    products, sure = model.history(acts)
    if not len(products) or not model.knows(product):
        return []
    amounts = foldin.contributions(model.gram, model.factors, products, sure, product, model.als)
    order = np.argsort(-amounts, kind="stable")
    parts = ((int(products[one]), float(amounts[one])) for one in order)
    return [Contribution(numbers.ids[one], name(one, numbers, shown), did(acts, one), amount) for one, amount in parts]


def reasons(model: Model | None, acts: Acts, places: list[Place], numbers: Numbers, shown: Catalogue) -> list[str]:
    """Word for each place why it is there: by the product that adds most to its score, where the model put it there."""
    near = strongest(model, acts, [place.product for place in places if place.step == "fold_in"]) if model else {}
    return [
        BECAUSE[did(acts, near[place.product])] % name(near[place.product], numbers, shown)
        if place.product in near
        else WORDS[place.step]
        for place in places
    ]


def strongest(model: Model, acts: Acts, products: list[int]) -> dict[int, int]:
    """Find for each product the one in the history that adds most to its score; none where nothing adds to it.

    The equations are solved once for all of them: (history, rank) times (rank, products).
    """
    history, sure = model.history(acts)
    if not len(history) or not products:
        return {}
    most = np.argsort(-sure, kind="stable")[: max(1, SCORES // len(products))]
    a, parts = foldin.equations(model.gram, model.factors, history, sure, model.als)
    adds = parts[most] @ np.linalg.solve(a, model.factors[products].T.astype(np.float64))
    adds[history[most][:, None] == np.array(products)] = -np.inf  # looked at before, it is no reason for itself
    best = adds.argmax(axis=0)
    return {
        product: int(history[most[row]])
        for product, row, amount in zip(products, best, adds.max(axis=0), strict=True)
        if amount > 0
    }


def did(acts: Acts, product: int) -> str:
    """Word the weightiest thing that was done with a product."""
    row = int(np.flatnonzero(acts.products == product)[0])
    if acts.purchases[row] > 0:
        return BOUGHT
    return IN_CART if acts.cart_adds[row] > 0 else LOOKED


def name(product: int, numbers: Numbers, shown: Catalogue) -> str:
    """Give a product's title, or its id where it has none."""
    return (shown.titles[product] if product < len(shown) else None) or numbers.ids[product]
