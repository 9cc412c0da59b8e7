"""From a split to rows: searched on the inner split alone, each recommender made once."""

from datetime import UTC, datetime

import numpy as np

from mart.evaluation import evaluate
from mart.evaluation.evaluate import Trainers
from mart.evaluation.protocols import Split, cut_at
from mart.models import solver
from mart.settings import Als, Taste
from tests.evaluation.boards import acts

SMALL = Als(rank=4, iterations=5, alpha=2.0)


def shop(march: int = 0) -> Split:
    """Two crowds with tastes of their own, over three months; `march` decides what happens after the cut."""
    rng, late = np.random.default_rng(3), np.random.default_rng(march)
    rows = []
    for month, drawn in ((1, rng), (2, rng), (3, late)):
        for day in range(1, 29):
            for user in drawn.integers(0, 30, 12):
                product = 2 * drawn.integers(0, 20) + user % 2
                rows.append((f"u{user}", f"p{product}", ("view", "purchase")[day % 2], 1, f"2026-{month:02}-{day:02}"))
    return cut_at(acts(rows), datetime(2026, 3, 1, tzinfo=UTC))


class Kept(dict[str, float]):
    """A memory in memory."""

    def done(self) -> dict[str, float]:
        return dict(self)

    def keep(self, key: str, params: dict[str, object], score: float, seconds: float) -> None:
        self[key] = score


def test_every_recommender_gets_a_row_and_those_with_taste_beat_popularity() -> None:
    split = shop()
    trainers = Trainers(
        solver.fit, lambda users, products, stars, shape: solver.fit(users, products, stars, shape, SMALL)
    )
    said: list[str] = []
    rows = evaluate.rows(split, evaluate.MODELS, SMALL, trainers, said.append)
    assert [row.model for row in rows] == said == list(evaluate.MODELS)
    found = {row.model: row.scored.row()["ndcg@10"] for row in rows}
    assert min(found["implicit_als"], found["ease"], found["item_item_cosine"]) > 1.2 * found["popularity"]
    assert rows[-1].params["rank"] == 4


def test_what_is_chosen_does_not_depend_on_what_is_wanted_after_the_cut() -> None:
    first, second = shop(1), shop(2)
    assert (first.wanted != second.wanted).nnz
    tuned = [evaluate.tuned(split, SMALL, Kept(), 8, lambda als, score, count: None) for split in (first, second)]
    assert tuned[0] == tuned[1]


def test_of_acts_their_age_and_the_kinds_that_there_are_can_be_searched() -> None:
    assert evaluate.searched(shop()) == (
        "taste.half_life_days",
        "alpha",
        "regularisation",
        "taste.purchases",
        "taste.views",
    )


def test_another_split_start_or_number_of_trials_is_another_search() -> None:
    names = {
        evaluate.name_of("time-split", shop(1), SMALL, 8),
        evaluate.name_of("time-split", shop(2), SMALL, 8),
        evaluate.name_of("time-split", shop(1), Als(), 8),
        evaluate.name_of("time-split", shop(1), SMALL.model_copy(update={"taste": Taste(views=2)}), 8),
        evaluate.name_of("time-split", shop(1), SMALL, 9),
    }
    assert len(names) == 5
    assert evaluate.name_of("time-split", shop(1), SMALL, 8) in names
