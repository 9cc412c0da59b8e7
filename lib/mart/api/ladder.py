"""From best to safest: which products are shown, as many as are asked for wherever so many may be shown.

In: the model, what the shopper did, what may be shown. Out: places (product, score, step). The steps:
fold_in (where the model places the shopper now), category_and_brand (popular where the shopper looked), segment (popular in
the same departments), popular (in the shop). A step is climbed down to only for places that those above it leave empty, so
scores are comparable within one step. `new` are places given to products that no model knows yet (api.warm_up_share).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mart.api.catalogue import Catalogue, Mask, Numbers, Positions
from mart.api.history import Acts
from mart.api.model import Factors, Model
from mart.models import foldin, scan

STEPS = ("fold_in", "similar", "new", "category_and_brand", "segment", "popular")  # from best to safest
WEIGHTS = {"views": 1.0, "cart_adds": 3.0, "purchases": 10.0}
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A product in a list, and which step put it there."""

    product: int
    score: float
    step: str


@dataclass(frozen=True)
class Popular:
    """Weighted acts of the recent days, by number of the product; `order` is from the most popular on, equal ones by id."""

    score: Scores
    order: Positions


def popular(rows: pa.Table, numbers: Numbers) -> Popular:
    """Weigh the acts of products, a row each (product_id, views, cart_adds, purchases), for all that have a number."""
    place = numbers.deal(rows["product_id"])
    score = np.zeros(len(numbers))
    score[place] = sum(worth * rows[name].to_numpy() for name, worth in WEIGHTS.items())
    by_id = np.argsort(np.array(numbers.ids, dtype=object), kind="stable")
    return Popular(score, by_id[np.argsort(-score[by_id], kind="stable")].astype(np.int32))


def climb(above: list[Place], catalogue: Catalogue, favour: Popular, acts: Acts, allowed: Mask, n: int) -> list[Place]:
    """Fill the places that the model has left empty; fewer than n are filled only where fewer products are allowed."""
    left, found = allowed.copy(), list(above)
    left[[place.product for place in found]] = False
    steps = _steps(catalogue, favour, acts)
    while len(found) < n and (one := next(steps, None)):  # no step is scored that is not needed
        step, score = one
        more = _best(favour, score, left, n - len(found), step)
        left[[place.product for place in more]] = False
        found += more
    return found


def placed(model: Model, acts: Acts) -> Factors | None:
    """Fold the shopper in; None where the model knows nothing that they did."""
    products, sure = model.history(acts)
    return foldin.fold_in(model.gram, model.factors, products, sure, model.als) if len(products) else None


def nearest(model: Model, here: Factors, allowed: Mask, n: int) -> list[Place]:
    """Scan all products that the model knows for those whose product with `here` (rank) is greatest."""
    products, scores = scan.best(model.factors, here, _may(model, allowed), n)
    return _places(products, scores, "fold_in")


def alike(model: Model, here: Factors, allowed: Mask, n: int) -> list[Place]:
    """Scan for the products that lie in the same direction as `here`: the score is the cosine."""
    lengths = np.maximum(model.norms * np.linalg.norm(here), np.finfo(np.float32).tiny)
    scores = np.asarray(model.factors @ here / lengths, np.float32)
    scores[~_may(model, allowed)] = -np.inf
    best = scan.top(scores[None], n)[0]
    best = best[np.isfinite(scores[best])]
    return _places(best, scores[best], "similar")


def warm(
    catalogue: Catalogue, model: Model, guesses: Factors, here: Factors | None, allowed: Mask, n: int, who: str
) -> list[Place]:
    """Choose n new products: those whose category and brand lie nearest to the shopper, by lot where nothing is known."""
    new = np.flatnonzero(allowed & catalogue.listed & ~_padded(model.known, len(catalogue)))
    nearness = np.asarray(guesses[new] @ here if here is not None else np.zeros(len(new)), np.float64)
    best = np.lexsort((_lots(new, who), -nearness))[:n]
    return [Place(int(new[one]), float(nearness[one]), "new") for one in best]


def mixed(places: list[Place], new: list[Place], n: int) -> list[Place]:
    """Give new products their share of n places, spread evenly, the last place of each stretch."""
    if not new:
        return places[:n]
    shown = {place.product for place in new}
    kept = [place for place in places if place.product not in shown][: n - len(new)]
    for number, place in enumerate(new, start=1):
        kept.insert(min(len(kept), number * n // len(new) - 1), place)
    return kept


def _steps(catalogue: Catalogue, favour: Popular, acts: Acts) -> Iterator[tuple[str, Scores]]:
    """Score all products by each step below the model, best first; 0 where the step does not offer one."""
    lively = 1 + favour.score / max(1.0, favour.score.max(initial=0))  # 1 to 2: nearness first, then popularity
    if len(acts):
        near = 2 * _shared(catalogue.category, acts) + _shared(catalogue.brand, acts)
        yield "category_and_brand", near * lively
        yield "segment", (_shared(catalogue.department, acts) > 0) * lively
    yield "popular", favour.score + np.finfo(float).tiny


def _shared(codes: Positions, acts: Acts) -> Scores:
    """Say what share of what the shopper did has the same code as each product."""
    ours = acts.among(acts.products < len(codes))
    worth = np.sum([weight * getattr(ours, name).astype(float) for name, weight in WEIGHTS.items()], axis=0)
    known = codes[ours.products] >= 0
    shares = np.bincount(codes[ours.products][known], worth[known], minlength=int(codes.max(initial=-1)) + 2)
    return np.asarray(np.where(codes >= 0, shares[codes], 0) / max(1.0, shares.sum()))


def _best(favour: Popular, score: Scores, left: Mask, n: int, step: str) -> list[Place]:
    """Take the n greatest scores above 0; equal ones as popularity orders them."""
    may = favour.order[(left & (score > 0))[favour.order]]
    if step != "popular":
        may = may[np.argsort(-score[may], kind="stable")]
    return [Place(int(product), float(score[product]), step) for product in may[:n]]


def _may(model: Model, allowed: Mask) -> Mask:
    """Allow what the model knows; products that came after it have no place in its factors."""
    return allowed[: len(model.known)] & model.known


def _places(products: NDArray[np.int64], scores: NDArray[np.float32], step: str) -> list[Place]:
    return [Place(product, score, step) for product, score in zip(products.tolist(), scores.tolist(), strict=True)]


def _padded(known: Mask, products: int) -> Mask:
    return np.append(known, np.zeros(max(0, products - len(known)), bool))[:products]


def _lots(products: NDArray[np.int64], who: str) -> NDArray[np.uint64]:
    """Draw lots that are the shopper's own, so that every new product is shown to somebody, and to the same ones again."""
    digests = (blake2b(f"{who} {one}".encode(), digest_size=8).digest() for one in products.tolist())
    return np.array([int.from_bytes(digest) for digest in digests], np.uint64)
