"""A version of the model in memory: where it places each product, and what it takes to place a shopper.

In: batch.item_factors of the version that an alias of the registry points at, and what speed.item_factors has placed anew since.
Out: a Model, rank x 4 bytes a product; it is never changed: a newer one takes its place.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from mart.api.catalogue import Catalogue, Mask, Numbers, Positions
from mart.api.history import Acts
from mart.edges import delta, registry
from mart.models import foldin, newcomers
from mart.models.confidence import confidence_of
from mart.settings import Als, Settings
from mart.tables import ITEM_FACTORS
from mart.tables.recommendations import FRESH_ITEM_FACTORS

Factors = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """Factors in order of `Numbers` (products, rank), 0 where the model does not know the product; gram is YtY."""

    version: str
    made_from: int  # version of processed.events
    als: Als
    now: datetime  # instant to which the age of acts is counted
    factors: Factors
    known: Mask
    gram: NDArray[np.float64]
    norms: NDArray[np.float32]  # lengths of the factors
    upto: int = -1  # version of processed.events up to which products were placed anew

    def knows(self, product: int) -> bool:
        return product < len(self.known) and bool(self.known[product])

    def history(self, acts: Acts) -> tuple[Positions, Factors]:
        """Weigh acts: the products that the model knows and that say something, and how sure we are of each."""
        ours = acts.among(
            (acts.products < len(self.known)) & self.known[np.minimum(acts.products, len(self.known) - 1)]
        )
        sure = confidence_of(
            ours.views, ours.cart_adds, ours.purchases, ours.quantity, ours.last_at, self.als.taste, self.now
        )
        return ours.products[sure > 0], sure[sure > 0]


def load(settings: Settings, alias: str, numbers: Numbers, known: Model | None = None) -> Model | None:
    """Read the version that an alias points at; `known` is given back where nothing has changed. None where there is none."""
    released = registry.released(settings, alias)
    if released is None:
        return None
    found = known if known is not None and known.version == released.version else _read(settings, released, numbers)
    if found is None:
        return None
    fresh = delta.scan(settings, FRESH_ITEM_FACTORS.path)
    ours = (ds.field("model_version") == found.version) & (ds.field("made_from_version") > found.upto)
    names = ["product_id", "made_from_version", "factors"]
    if fresh is None:
        return found
    rows = fresh.to_table(columns=names, filter=ours).sort_by("made_from_version")
    return over(found, numbers.deal(rows["product_id"]), rows, len(numbers)) if len(rows) else found


def _read(settings: Settings, released: registry.Released, numbers: Numbers) -> Model | None:
    """Read what training has left; None where this lake holds nothing of it."""
    trained = delta.scan(settings, ITEM_FACTORS.path)
    if trained is None:
        return None
    ours = ds.field("model_version") == released.version
    rows = trained.to_table(columns=["product_id", "factors"], filter=ours)
    return of(released, numbers.deal(rows["product_id"]), _matrix(rows), len(numbers)) if len(rows) else None


def over(model: Model, place: Positions, rows: pa.Table, products: int) -> Model:
    """Lay products that were placed anew over their old places, of several rows the last; YtY changes by the difference."""
    more = max(0, products - len(model.known))
    factors, known = np.pad(model.factors, ((0, more), (0, 0))), np.pad(model.known, (0, more))
    moved = np.unique(place)
    gram = model.gram - foldin.gram(factors[moved])
    factors[place], known[place] = _matrix(rows), True
    lengths = np.linalg.norm(factors, axis=1)
    upto = rows["made_from_version"][-1].as_py()
    return replace(
        model, factors=factors, known=known, gram=gram + foldin.gram(factors[moved]), norms=lengths, upto=upto
    )


def _matrix(rows: pa.Table) -> Factors:
    return np.asarray(rows["factors"].combine_chunks().flatten(), np.float32).reshape(len(rows), -1)


def of(released: registry.Released, place: Positions, given: Factors, products: int) -> Model:
    """Lay factors (rows, rank) at their products' numbers."""
    factors = np.zeros((products, given.shape[1]), np.float32)
    known = np.zeros(products, bool)
    factors[place], known[place] = given, True
    told = (released.version, released.made_from, released.als, released.now)
    return Model(*told, factors, known, foldin.gram(given), np.linalg.norm(factors, axis=1))


def guessed(model: Model, catalogue: Catalogue) -> Factors:
    """Place products where those of their category and brand lie: (products, rank), for those that the model does not know."""
    return newcomers.between(model.factors, model.known, catalogue.category, catalogue.brand)
