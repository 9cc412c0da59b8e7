"""Filters: what a wish means, and what keeps a product out."""

from datetime import datetime, timedelta

from mart.api import filters, recommend
from mart.api.filters import Wish
from mart.api.recommend import Ask
from mart.settings import Api
from tests.serving.shops import NOW, SHELF, doings, shown, snapshot


def test_categories_are_levels_of_a_path_and_any_or_all_of_them_are_asked_for() -> None:
    shop = snapshot(SHELF, trained=0)

    def within(mode: str, *category: str) -> set[str]:
        return set(shown(shop, Ask(wish=Wish(category=category, category_mode=mode, in_stock=False))))  # type: ignore[arg-type]

    assert within("any", "home") == {"rug", "lamp"}
    assert within("any", "Home > Rugs") == {"rug"}
    assert within("any", "rugs", "toys") == {"rug", "ball", "kite"}
    assert within("all", "home", "rugs") == {"rug"}
    assert within("all", "rugs", "toys") == set()
    assert within("any", "tools") == {"rake"}
    assert within("any", "hom") == set()


def test_why_not_names_every_filter_that_keeps_a_product_out() -> None:
    shop = snapshot(SHELF, [("u", "kite")])
    wish = Wish(category=("home",), brand=("Alba",), max_price=40, exclude=("kite",))
    who = recommend.shopper(shop, doings(cart=("kite",), seen=("kite",)), Ask("u", wish=wish), Api(), NOW)

    def against(product_id: str) -> list[str]:
        number = shop.numbers.of(product_id)
        assert number is not None
        return filters.against(shop.catalogue, wish, who.own, number)

    assert against("rug") == []
    assert set(against("kite")) == {"purchased", "in_cart", "seen", "excluded", "out_of_stock", "category", "price"} | {
        "brand"
    }
    assert set(against("kite")) == set(filters.SAID), "every filter has its words"
    assert against("rake") == ["category", "brand", "price"]


def test_what_was_bought_comes_back_after_the_repurchase_window_alone() -> None:
    shop = snapshot(SHELF, [("u", "rug")])
    later = NOW + timedelta(days=31)

    def allowed(days: float, at: datetime) -> bool:
        who = recommend.shopper(shop, doings(), Ask("u"), Api(repurchase_days=days), at)
        return bool(recommend.allowed(shop, who, Wish())[shop.numbers.of("rug")])

    assert not allowed(0, later)
    assert not allowed(30, NOW)
    assert allowed(30, later)
