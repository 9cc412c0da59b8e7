"""The ladder below the model, new products, and products like one."""

import numpy as np
import pytest

from mart.api import recommend
from mart.api.filters import Wish
from mart.api.recommend import Ask, Snapshot
from mart.models import foldin
from mart.models.confidence import confidence_of
from mart.settings import Api
from tests.serving.shops import NOW, SHELF, Product, doings, products, served, snapshot


def test_the_ladder_goes_from_the_category_to_the_department_to_the_whole_shop() -> None:
    sold = [*SHELF[:3], Product("mat", "home.rugs", None, 1, True), Product("doll", "toys", None, 1, True)]
    found = served(snapshot(sold, trained=0), Ask(products=("rug",)))
    assert {item.product_id for item in found[:2]} == {"mat", "ball"}, "the category first, then the brand"
    assert found[0].product_id == "mat"
    assert [item.product_id for item in found[2:3]] == ["lamp"], "another product of the department"
    assert found[3].product_id == "doll"
    words = ["popular where you looked"] * 2 + ["popular in departments that you visit", "popular in the shop"]
    assert [item.reason for item in found] == words


def test_nobody_we_know_gets_what_is_popular_from_the_most_popular_on() -> None:
    shop = snapshot(products(30, 3))
    found = served(shop, Ask("nobody", n=30))
    score = {shop.numbers.ids[number]: value for number, value in enumerate(shop.favour.score)}
    expected = sorted((item.product_id for item in found), key=lambda one: (-score[one], one))
    assert [item.product_id for item in found] == expected
    assert {item.reason for item in found} == {"popular in the shop"}


def test_new_products_get_their_share_of_the_places_and_are_nearest_by_category_and_brand() -> None:
    sold = products(60, 4)
    shop = snapshot(sold, [("u", "p1"), ("u", "p2")], trained=40)
    old = {f"p{number}" for number in range(40)}
    found = served(shop, Ask("u", n=10), warm_up_share=0.2)
    new = [item for item in found if item.product_id not in old]
    assert [item.rank for item in new] == [5, 10]
    assert {item.reason for item in new} == {"new in the shop"}
    assert len(found) == 10
    assert not [item for item in served(shop, Ask("u", n=10)) if item.product_id not in old], "none without a share"
    nearest = max(
        (one for one in sold[40:] if one.in_stock is not False),
        key=lambda one: _guess(shop, one.product_id, ["p1", "p2"]),
    )
    assert _guess(shop, new[0].product_id, ["p1", "p2"]) == pytest.approx(
        _guess(shop, nearest.product_id, ["p1", "p2"])
    )


def _guess(shop: Snapshot, product_id: str, bought: list[str]) -> float:
    """Say how near a new product lies: the mean of its category's known products, three parts, and of its brand's, one."""
    model, shelf = shop.models["champion"], shop.catalogue
    number = shop.numbers.of(product_id)
    assert number is not None
    parts, weight = np.zeros(model.factors.shape[1]), 0.0
    for codes, worth in ((shelf.category, 3.0), (shelf.brand, 1.0)):
        same = [one for one in np.flatnonzero(model.known) if codes[one] == codes[number] != -1]
        if same:
            parts, weight = parts + worth * model.factors[same].mean(axis=0), weight + worth
    at = np.full(2, np.datetime64(NOW.replace(tzinfo=None), "us"))
    sure = confidence_of([1, 1], [1, 1], [1, 1], [1, 1], at, model.als.taste, model.now)
    here = foldin.fold_in(model.gram, model.factors, shop.numbers.known(bought), sure, model.als)
    return float(parts / max(weight, 1) @ here)


def test_similar_products_are_those_of_the_same_direction_and_never_the_product_itself() -> None:
    shop = snapshot(products(40, 5))
    model, number = shop.models["champion"], shop.numbers.of("p4")
    assert number is not None
    ask = Ask(n=5, wish=Wish(in_stock=False))
    who = recommend.shopper(shop, doings(), ask, Api(), NOW)
    found = recommend.similar(shop, "champion", number, who, ask)
    unit = model.factors / np.linalg.norm(model.factors, axis=1)[:, None]
    cosine = unit @ unit[number]
    cosine[number] = -np.inf
    assert [place.product for place in found] == np.argsort(-cosine)[:5].tolist()
    assert [place.score for place in found] == pytest.approx(np.sort(cosine)[::-1][:5].tolist(), abs=1e-6)
    assert {place.step for place in found} == {"similar"}
