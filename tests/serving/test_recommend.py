"""Lists without a lake: what is never shown, what is shown first, and why, on invented shops."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mart.api import explain, ladder, recommend
from mart.api.filters import Wish
from mart.api.recommend import Ask
from mart.models import foldin
from mart.models.confidence import confidence_of
from mart.settings import Api
from mart.tables.recommendations import BECAUSE
from tests.serving.shops import NOW, SHELF, Product, act, doings, products, served, shown, snapshot

WISHES = st.builds(
    Wish,
    category=st.lists(
        st.sampled_from(["home", "rugs", "HOME.RUGS", "garden > tools", "toys", "nowhere"]), max_size=2
    ).map(tuple),
    category_mode=st.sampled_from(["any", "all"]),
    brand=st.lists(st.sampled_from(["alba", "Corvik", "nobody"]), max_size=2).map(tuple),
    min_price=st.none() | st.integers(0, 80).map(float),
    max_price=st.none() | st.integers(20, 120).map(float),
    in_stock=st.booleans(),
    exclude=st.lists(st.integers(0, 50).map(lambda n: f"p{n}"), max_size=5).map(tuple),
)


@given(
    wish=WISHES,
    size=st.integers(1, 60),
    trained=st.integers(0, 60),
    seed=st.integers(0, 20),
    n=st.integers(1, 30),
    share=st.sampled_from([0, 0.2, 0.5]),
    bought=st.sets(st.integers(0, 59), max_size=8),
    carted=st.sets(st.integers(0, 59), max_size=3),
    looked_at=st.sets(st.integers(0, 59), max_size=5),
)
def test_never_a_filtered_product_and_always_n_where_n_are_eligible(
    wish: Wish,
    size: int,
    trained: int,
    seed: int,
    n: int,
    share: float,
    bought: set[int],
    carted: set[int],
    looked_at: set[int],
) -> None:
    """Hold lists against a plain reading of the filters, product by product."""
    sold = products(size, seed)
    shop = snapshot(sold, [("u", f"p{one}") for one in bought if one < size], min(trained, size), seed)
    did = doings(
        *[act("view", f"p{one}") for one in looked_at],
        cart=tuple(f"p{one}" for one in carted),
        seen=tuple(f"p{one}" for one in looked_at),
    )
    own = {f"p{one}" for one in bought | carted | looked_at}
    eligible = {one.product_id for one in sold if one.product_id not in own and fits(one, wish)}
    found = shown(shop, Ask("u", n=n, wish=wish), did, warm_up_share=share)
    assert set(found) <= eligible
    assert len(found) == len(set(found)) == min(n, len(eligible))


def fits(product: Product, wish: Wish) -> bool:
    """Read the wish as a person would."""
    path = (product.category or "").lower().replace(" > ", ".")
    inside = {path, *path.split("."), *(path.split(".")[:1])} - {""}
    asked = [one.lower().replace(" > ", ".") for one in wish.category]
    categories = [one in inside for one in asked]
    return all(
        [
            not wish.in_stock or product.in_stock is not False,
            not asked or (all if wish.category_mode == "all" else any)(categories),
            not wish.brand or (product.brand or "").lower() in [one.lower() for one in wish.brand],
            product.price is not None or (wish.min_price is None and wish.max_price is None),
            wish.min_price is None or (product.price or 0) >= wish.min_price,
            wish.max_price is None or (product.price or 0) <= wish.max_price,
            product.product_id not in wish.exclude,
        ]
    )


def test_the_first_places_are_those_of_a_fold_in_of_everything_that_was_done() -> None:
    shop = snapshot(products(40, 1), [("u", "p3"), ("u", "p5"), ("v", "p9")])
    did = doings(act("view", "p7"), act("view", "p7"), act("cart_add", "p3"))
    model, ids = shop.models["champion"], shop.numbers.ids
    positions = shop.numbers.known(["p3", "p5", "p7"])
    at = np.full(3, np.datetime64(NOW.replace(tzinfo=None), "us"))
    sure = confidence_of([1, 1, 2], [2, 1, 0], [1, 1, 0], [1, 1, 0], at, model.als.taste, model.now)
    place = foldin.fold_in(model.gram, model.factors, positions, sure, model.als)
    scores = dict(zip(ids, model.factors @ place, strict=True))
    found = served(shop, Ask("u", n=5, wish=Wish(in_stock=False)), did)
    best = sorted(scores.keys() - {"p3", "p5"}, key=lambda one: -scores[one])[:5]
    assert [item.product_id for item in found] == best
    assert [item.score for item in found] == pytest.approx([scores[one] for one in best], abs=1e-6)
    assert [item.rank for item in found] == [1, 2, 3, 4, 5]


def test_contributions_sum_to_the_score_and_the_greatest_is_the_reason() -> None:
    shop = snapshot(products(40, 2), [("u", "p3"), ("u", "p5")])
    ask = Ask("u", n=30)
    who = recommend.shopper(shop, doings(act("view", "p7")), ask, Api(), NOW)
    model = shop.models["champion"]
    found = recommend.items(shop, model, who, recommend.ranked(shop, "champion", who, ask, Api()))
    worded = 0
    for item in found:
        number = shop.numbers.of(item.product_id)
        assert number is not None
        parts = explain.contributions(model, who.acts, number, shop.numbers, shop.catalogue)
        assert sum(part.contribution for part in parts) == pytest.approx(item.score, abs=1e-5)
        assert parts == sorted(parts, key=lambda part: -part.contribution)
        others = [part for part in parts if part.product_id != item.product_id]
        if others[0].contribution > 0:
            worded += 1
            assert item.reason == BECAUSE[others[0].did] % others[0].title
        else:
            assert item.reason == "popular with shoppers like you"
    assert worded > 5


def test_a_product_that_came_after_the_snapshot_neither_counts_nor_breaks_anything() -> None:
    shop = snapshot(SHELF)
    shop.numbers.deal(pa.chunked_array([["later"]]))
    later = doings(act("view", "later"), cart=("later",), seen=("later",))
    assert "later" not in shown(shop, Ask("u", wish=Wish(exclude=("later",))), later)
    who = recommend.shopper(shop, later, Ask("u"), Api(), NOW)
    assert len(recommend.similar(shop, "champion", 0, who, Ask("u"))) == 3


def test_every_step_of_the_ladder_has_words_and_a_place_in_the_order() -> None:
    assert set(explain.WORDS) == set(ladder.STEPS)
