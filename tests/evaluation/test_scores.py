"""Intervals, segments, coverage and novelty, on lists small enough to count by hand; and the sentence that sums them up."""

import numpy as np
import pytest

from mart.evaluation import published, scores
from mart.evaluation.protocols import MOVIELENS, TIME, Split, cut_at
from mart.evaluation.report import Report, Row
from mart.evaluation.scores import Scored
from tests.evaluation.boards import CUT, acts, board

SHOPPERS = 40


def many() -> Split:
    """Shopper i has i + 1 of 50 products, from the first on, and buys the next one and the last but one after the cut."""
    rows = [(f"u{i:02}", f"p{j:02}", "purchase", 1, "2026-02-01") for i in range(SHOPPERS) for j in range(i + 1)]
    rows += [("all", f"p{j:02}", "purchase", 1, "2026-02-01") for j in range(50)]
    rows += [(f"u{i:02}", f"p{j:02}", "purchase", 1, "2026-03-02") for i in range(SHOPPERS) for j in (i + 1, 48)]
    return cut_at(acts(rows), CUT)


def lists(split: Split, *products: int) -> np.ndarray:
    return np.tile(np.array(products), (len(split.shoppers), 1))


def test_an_interval_holds_the_true_mean_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(2)
    inside = [
        low <= 0.3 <= high for low, high in (scores.interval(rng.binomial(1, 0.3, 400) * 1.0) for _ in range(2000))
    ]
    assert 0.93 < np.mean(inside) < 0.97


def test_one_shopper_has_no_interval() -> None:
    assert scores.interval(np.array([0.5])) == (-np.inf, np.inf)


def test_segments_part_the_shoppers_by_what_they_have_and_the_products_by_who_has_them() -> None:
    split = many()
    parts = scores.shopper_segments(split)
    assert {name: int(rows.sum()) for name, rows in parts.items()} == {
        "new shoppers": 5,
        "light shoppers": 17,
        "heavy shoppers": 18,
    }
    assert np.flatnonzero(scores.head_products(split)).tolist() == list(range(10))


def test_what_is_found_is_told_for_each_segment() -> None:
    split = many()
    found = Scored(split, lists(split, 48, 3)).segments()
    assert found["tail products"]["share_of_lists"] == 0.5
    assert found["head products"]["recall@2"] == pytest.approx(1 / 9)  # of nine who want one, one wants the fourth
    assert found["new shoppers"]["shoppers"] == 5
    assert found["new shoppers"]["ndcg@2"] > found["heavy shoppers"]["ndcg@2"]
    assert found["new shoppers"]["ndcg@2_low"] < found["new shoppers"]["ndcg@2"]


def test_coverage_and_novelty_look_at_what_is_shown() -> None:
    split = many()
    row = Scored(split, lists(split, 0, 49)).row()
    assert row["coverage@2"] == 2 / 50
    assert row["novelty@2"] == pytest.approx((0 + np.log2(41)) / 2)  # everyone has the first, one of 41 the last
    assert row["ndcg@2_low"] <= row["ndcg@2"] <= row["ndcg@2_high"]


def report(protocol: str, ours: np.ndarray, split: Split) -> Report:
    """Compare lists with a popularity that finds the last but one of many in the third place."""
    popular = lists(split, 0, 1, min(48, split.products - 1))
    return Report(
        protocol,
        split,
        [Row("popularity", Scored(split, popular), {}, 1), Row("implicit_als", Scored(split, ours), {}, 1)],
    )


def test_the_verdict_says_better_worse_or_neither() -> None:
    split = many()
    assert "better than popularity" in report(TIME, lists(split, 48, 0, 1), split).verdict()
    assert "worse than popularity" in report(TIME, lists(split, 0, 0, 0), split).verdict()
    assert "not to be told from popularity" in report(TIME, lists(split, 0, 1, 48), split).verdict()
    assert "another one's level says nothing" in report(TIME, lists(split, 0, 1, 48), split).verdict()


def test_the_verdict_on_movielens_names_the_best_published_row() -> None:
    split = board()
    diagonal = np.arange(len(split.shoppers))[:, None]
    assert "above the best published row, BiVAE 0.475" in report(MOVIELENS, diagonal, split).verdict()
    assert "not above the best published row" in report(MOVIELENS, diagonal * 0 + 1, split).verdict()


def test_the_document_holds_published_rows_beside_ours_in_order() -> None:
    split = board()
    ten = np.pad(lists(split, 0), ((0, 0), (0, 9)), constant_values=-1)
    document = Report(MOVIELENS, split, [Row("implicit_als", Scored(split, ten), {}, 1)]).document()
    rows = document["rows"]
    assert isinstance(rows, list)
    assert [row["ndcg@10"] for row in rows] == sorted((row["ndcg@10"] for row in rows), reverse=True)
    assert {row["model"] for row in rows if row["published"]} == {row["model"] for row in published.ROWS[MOVIELENS]}
