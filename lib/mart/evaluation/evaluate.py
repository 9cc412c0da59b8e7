"""Evaluate: search on the inner split if asked to, then make every recommender once and ask it once.

In: a split, which recommenders, and how ALS is trained. Out: a report.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from mart.evaluation import recommenders, search
from mart.evaluation.acts import Interactions
from mart.evaluation.lists import Score, rank
from mart.evaluation.protocols import Split
from mart.evaluation.report import OURS, POPULARITY, Row
from mart.evaluation.scores import Scored
from mart.evaluation.search import flat as flat
from mart.models import solver
from mart.models.baselines import NEIGHBOURS
from mart.settings import Als

COSINE, EASE, EXPLICIT = "item_item_cosine", "ease", "explicit_als"
# Random starts of a trial: on MovieLens-100k one moves nDCG by 0.002, as much as a step of a hyper-parameter. More data is
# steadier, and slower.
STARTS, STEADY = 3, 200_000  # at most, and pairs
MODELS = (POPULARITY, COSINE, EASE, EXPLICIT, OURS)


@dataclass(frozen=True)
class Trainers:
    """How the ALS of the report is trained: by MLlib (models/factorise), or by whatever takes and gives the same."""

    implicit: recommenders.Train
    explicit: recommenders.Guess


Made = tuple[Score, dict[str, object]]
Told = Callable[[str], None]


def rows(split: Split, models: Sequence[str], settings: Als, trainers: Trainers | None, told: Told) -> list[Row]:
    """Make each recommender of what is known, and score its lists; without trainers only those that need none."""
    makers: dict[str, Callable[[], Made]] = {
        POPULARITY: lambda: (recommenders.popularity(split), {}),
        COSINE: lambda: (recommenders.cosine(split), {"neighbours": NEIGHBOURS}),
        EASE: lambda: _ease(split),
    }
    if trainers:
        makers[EXPLICIT] = lambda: (recommenders.explicit(split, trainers.explicit), {"rank": 10, "iterations": 20})
        makers[OURS] = lambda: (recommenders.als(split, settings, trainers.implicit), search.flat(settings))
    return list(_made(split, {name: makers[name] for name in models}, told))


def _made(split: Split, makers: dict[str, Callable[[], Made]], told: Told) -> Iterator[Row]:
    for name, make in makers.items():
        told(name)
        began = time.monotonic()
        score, params = make()
        scored = Scored(split, rank(split, score, recommenders.K))
        yield Row(name, scored, params, time.monotonic() - began)


def _ease(split: Split) -> Made:
    ridge = recommenders.ridge(split)
    return recommenders.ease(split, ridge), {"ridge": ridge}


def tuned(
    split: Split, start: Als, memory: search.Memory, trials: int, told: Callable[[Als, float, int], None]
) -> tuple[Als, float, dict[str, object]]:
    """Choose settings on the inner split, and give them, their nDCG there and what was done.

    What the split itself wants is never looked at. Trials are trained by models/solver: the same equations as MLlib's, without
    the seconds that Spark takes to start a step.
    """
    inner = split.inner()
    pairs = len(inner.history.weigh(start.taste, inner.now).users)

    def evaluate(als: Als) -> float:
        many = max(1, min(STARTS, STEADY // pairs))
        starts = [als.model_copy(update={"seed": als.seed + more}) for more in range(many)]
        return mean(recommenders.ndcg(inner, recommenders.als(inner, start, solver.fit)) for start in starts)

    dimensions = searched(inner)
    best, score = search.Search(evaluate, memory, trials, told).run(start, dimensions)
    chosen = {"trials": trials, "inner_split": inner.told, "inner_ndcg@10": score, "dimensions": list(dimensions)}
    return best, score, chosen | {"chosen": search.flat(best)}


def searched(split: Split) -> tuple[str, ...]:
    """Name what can be searched: of acts also their age and the weights of the kinds that there are."""
    if not isinstance(split.history, Interactions):
        return search.STRENGTH
    acts = [name for name in search.ACTS if getattr(split.history, name.removeprefix("taste.")).any()]
    return (search.DECAY, *search.STRENGTH, *acts)


def name_of(protocol: str, split: Split, start: Als, trials: int) -> str:
    """Name a search by all that decides its course, so that only the same one is taken up again."""
    pairs = split.history.weigh(start.taste, split.now)
    parts = (pairs.users, pairs.products, pairs.confidences, split.wanted.indices)
    content = hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=8).hexdigest()
    told = f"{protocol} {split.told} {search.key_of(start)} {trials} {STARTS} {STEADY} {content}"
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
