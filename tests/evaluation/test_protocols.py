"""Splits: what is known comes first, what is wanted is new, and tuning sees nothing of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from mart.evaluation import protocols, reading, recommenders
from mart.evaluation.acts import Acts, fold
from mart.evaluation.protocols import Split, cut_at, newest_of_each
from mart.evaluation.reading import NoActs
from mart.settings import Settings, Taste
from mart.tables import INTERACTIONS
from mart.views import shopping
from mart.views.fold import fold as fold_table
from tests.evaluation.boards import CUT, acts

# What each shopper does, a cut at March, and what can be asked for.
STORY = acts(
    [
        ("ann", "hat", "purchase", 1, "2026-02-01"),
        ("ann", "cap", "view", 1, "2026-02-02"),
        ("ann", "cap", "purchase", 1, "2026-03-02"),  # looked at before: may be found
        ("ann", "hat", "purchase", 1, "2026-03-03"),  # has it
        ("ann", "new", "purchase", 1, "2026-03-04"),  # a product that nobody knew
        ("ann", "tie", "view", 1, "2026-03-04"),  # only looked at
        ("bob", "tie", "purchase", 2, "2026-02-03"),
        ("bob", "tie", "refund", 2, "2026-02-04"),
        ("bob", "hat", "purchase", 1, "2026-03-01"),
        ("eve", "hat", "purchase", 1, "2026-03-05"),  # nobody knew her
    ]
)


def pairs(split: Split) -> set[tuple[str, str]]:
    users, products = split.wanted.nonzero()
    return {
        (STORY.user_ids[u], STORY.product_ids[p]) for u, p in zip(users, products, strict=True) if u in split.shoppers
    }


def test_wanted_is_what_known_shoppers_buy_after_the_cut_of_what_is_known_and_not_theirs() -> None:
    split = cut_at(STORY, CUT)
    assert pairs(split) == {("ann", "cap"), ("bob", "hat")}
    assert [STORY.user_ids[u] for u in split.shoppers] == ["ann", "bob"]
    assert [p for p, may in zip(STORY.product_ids, split.candidates, strict=True) if may] == ["cap", "hat", "tie"]
    assert split.now == datetime(2026, 2, 4, tzinfo=UTC)


def test_what_was_given_back_says_nothing_and_is_not_shown_again() -> None:
    split = cut_at(STORY, CUT)
    known = split.history.weigh(Taste(), split.now)
    assert {(STORY.user_ids[u], STORY.product_ids[p]) for u, p in zip(known.users, known.products, strict=True)} == {
        ("ann", "hat"),
        ("ann", "cap"),
    }
    assert split.left_out[STORY.user_ids.index("bob"), STORY.product_ids.index("tie")] == 1


def test_where_nobody_buys_what_was_looked_at_is_wanted() -> None:
    looks = acts(
        [
            ("ann", "hat", "view", 1, "2026-02-01"),
            ("bob", "cap", "view", 1, "2026-02-01"),
            ("ann", "cap", "view", 1, "2026-03-02"),
        ]
    )
    assert cut_at(looks, CUT).wanted.nnz == 1


def test_the_inner_split_lies_as_long_before_the_cut_and_knows_nothing_of_what_follows_it() -> None:
    rng, march = np.random.default_rng(4), datetime(2026, 3, 1, tzinfo=UTC)
    days = [f"2026-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 29)]
    rows = [(f"u{rng.integers(9)}", f"p{rng.integers(40)}", "purchase", 1, day) for day in days for _ in range(3)]
    split = cut_at(acts(rows), march)
    other = cut_at(acts([(u, "p1" if day >= "2026-03" else p, kind, n, day) for u, p, kind, n, day in rows]), march)
    assert (split.wanted != other.wanted).nnz
    inner, same = split.inner(), other.inner()
    assert (inner.wanted != same.wanted).nnz == (inner.known != same.known).nnz == 0
    assert inner.told == "known until 2026-02-02 00:00, wanted until 2026-02-28 23:59"
    assert inner.now < datetime(2026, 2, 2, tzinfo=UTC)


def test_each_shoppers_newest_share_is_wanted_and_one_act_is_always_known() -> None:
    rows = [("one", "p9", "purchase", 1, "2026-01-01")]
    rows += [("ten", f"p{i}", "purchase", 1, f"2026-01-{20 - i:02}") for i in range(10)]
    rows += [("two", "p1", "purchase", 1, "2026-01-05"), ("two", "p0", "purchase", 1, "2026-01-04")]
    told = acts(
        [*rows, ("everything", "p1", "purchase", 1, "2026-01-01"), ("everything", "p0", "purchase", 1, "2026-01-02")]
    )
    split = newest_of_each(told, 0.2)
    found = {told.user_ids[u]: {told.product_ids[p] for p in split.wanted[u].indices} for u in split.shoppers}
    assert found == {"ten": {"p0", "p1"} & known_of(split, told), "two": {"p1"}, "everything": {"p0"}}


def known_of(split: Split, told: Acts) -> set[str]:
    return {product for product, may in zip(told.product_ids, split.candidates, strict=True) if may}


@pytest.mark.parametrize("cut", [datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)])
def test_a_cut_with_nothing_on_one_side_is_told(cut: datetime) -> None:
    with pytest.raises(NoActs, match="nothing to evaluate"):
        cut_at(STORY, cut)


def test_a_cut_after_which_nothing_can_be_found_is_told() -> None:
    with pytest.raises(NoActs, match="nobody to ask for"):
        cut_at(STORY, CUT + timedelta(days=3, hours=1))  # only eve is left, whom nobody knew


def test_acts_fold_as_the_table_does(spark: SparkSession) -> None:
    rng = np.random.default_rng(8)
    kinds = ("view", "cart_add", "purchase", "refund")
    rows = [
        (
            f"u{rng.integers(6)}",
            f"p{rng.integers(5)}",
            kinds[rng.integers(4)],
            int(rng.integers(1, 9)),
            f"2026-01-{day:02}",
        )
        for day in rng.integers(1, 29, 300)
    ]
    ours = acts(rows)
    events = spark.createDataFrame(
        rows, "user_id STRING, product_id STRING, event_type STRING, quantity INT, day STRING"
    )
    blank = {name: F.lit(None).cast("string") for name in ("session_id", "currency", "category")}
    events = events.withColumns({"event_at": F.to_timestamp("day"), "price": F.lit(1)} | blank)
    table = fold_table(shopping.interactions(events), INTERACTIONS).orderBy("user_id", "product_id").collect()
    folded = fold(ours)
    names = ("views", "cart_adds", "purchases", "quantity")
    there = [[row[name] for name in names] + [np.datetime64(row["last_at"])] for row in table]
    here = [[getattr(folded, name)[i] for name in names] + [folded.last_at[i]] for i in range(len(folded.users))]
    assert here == there


def test_of_each_movies_ratings_three_quarters_are_known_rounded_half_to_even() -> None:
    movies = np.repeat(np.arange(6), [1, 2, 3, 6, 10, 14])
    known = protocols.stratified(np.random.default_rng(0).permutation(movies), 0.75, 42)
    mixed = np.random.default_rng(0).permutation(movies)
    assert [int(known[mixed == movie].sum()) for movie in range(6)] == [1, 2, 2, 4, 8, 10]


def test_movielens_is_split_as_the_benchmark_splits_it(real_data: Callable[[str], Path]) -> None:
    split = protocols.movielens(reading.stars(real_data("ml-100k")))
    assert (split.known.nnz, int(split.wanted.nnz)) == (75_066, 24_934)
    assert (len(split.shoppers), split.users) == (943, 943)
    assert recommenders.ndcg(split, recommenders.popularity(split)) == pytest.approx(
        0.2524, abs=5e-4
    )  # by the order of equal counts
    inner = split.inner()
    assert inner.known.nnz + inner.wanted.nnz == pytest.approx(75_066, abs=20)
    assert inner.wanted.multiply(split.wanted).nnz == 0


def test_online_retail_is_split_as_while_planning(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    read = reading.read(Settings.read(home=tmp_path), "online-retail", real_data("online-retail-by-day"))
    assert (len(read.acts), read.left_out) == (406_829, 135_080)
    split = cut_at(read.acts, datetime(2011, 11, 9, 12, 50, tzinfo=UTC))
    assert (len(split.shoppers), int(split.candidates.sum())) == (1_271, 3_625)
    assert recommenders.ndcg(split, recommenders.popularity(split)) == pytest.approx(0.034, abs=5e-4)
