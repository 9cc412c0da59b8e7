"""The storefront in a real Chromium over the real service: what a shopper clicks comes back as another list."""

import json
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mart.api.engine import Engine
from mart.edges.following import Follower, Record
from mart.local.storefront.cart import MOST, Cart
from mart.local.storefront.client import Api
from mart.local.storefront.site import Site
from tests.api.collecting import Served
from tests.browsing import PERSON, launched
from tests.serving.lake import Shop, until

PHONE = {"width": 390, "height": 844}
LIST = "#for-you [data-product]"


@pytest.fixture(scope="module")
def api(shop: Shop) -> Iterator[Served]:
    engine = Engine(shop.settings)
    served = Served(shop.settings, engine)
    until(lambda: not engine.lacks(), lambda: str(engine.lacks()))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def address(api: Served) -> Iterator[str]:
    with _open(api.url) as address:
        yield address


class _open:  # noqa: N801 used like a function
    """A storefront on a port of its own."""

    def __init__(self, api: str) -> None:
        config = uvicorn.Config(Site(Api(api), "local", "Corner & Lane").app(), port=0, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(user_agent=PERSON)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The shop's first page, of somebody who has agreed; nothing may be wrong on any page after it."""
    wrong: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="Yes, gladly").click()
    yield page
    assert wrong == []


def listed(page: Page, within: str = LIST) -> list[str]:
    found: list[str] = page.eval_on_selector_all(within, "all => all.map(one => one.dataset.product)")
    return found


def changed(page: Page) -> None:
    """Wait until the page says that its list has changed."""
    expect(page.locator("#for-you .state")).to_contain_text("after you did that")


def test_click_cart_reload_buy_and_the_list_follows(page: Page) -> None:
    first = listed(page)
    page.locator(LIST).first.get_by_role("link").click()
    changed(page)
    after_click = listed(page)
    assert after_click != first
    assert first[0] not in after_click  # it was looked at

    page.get_by_role("button", name="Put into cart").click()
    expect(page.locator("header .cart")).to_have_text("Cart 1")
    page.reload()
    assert first[0] not in listed(page)
    expect(page.locator("header .cart")).to_have_text("Cart 1")

    page.locator("header .cart").click()
    page.get_by_role("button", name="Buy").click()
    expect(page.locator(".note")).to_contain_text("1 product is on the way")
    expect(page.locator("header .cart")).to_have_text("Cart")
    assert first[0] not in listed(page)


def test_what_was_bought_is_gone_for_the_account_wherever_it_logs_in(
    page: Page, browser: Browser, address: str, shop: Shop
) -> None:
    who = shop.busiest()
    log_in(page, who)
    page.locator(LIST).first.get_by_role("link").click()
    bought = page.locator("[data-view]").get_attribute("data-view")
    page.get_by_role("button", name="Put into cart").click()
    page.locator("header .cart").click()
    page.get_by_role("button", name="Buy").click()
    expect(page.locator(".note")).to_be_visible()

    elsewhere = browser.new_context(user_agent=PERSON)
    other = elsewhere.new_page()
    other.goto(address)
    log_in(other, who)
    until(lambda: bool(other.reload()) and bought not in listed(other), lambda: f"{bought} in {listed(other)}")
    elsewhere.close()


def log_in(page: Page, who: str) -> None:
    page.get_by_role("textbox").fill(who)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".who b")).to_have_text(who)


def test_reasons_are_there_and_their_parts_sum_to_the_score(page: Page, shop: Shop) -> None:
    log_in(page, shop.busiest())
    tile = page.locator(LIST).first
    expect(tile.locator("summary")).to_contain_text("because")
    tile.locator("summary").click()
    parts = tile.locator("td:last-child")
    expect(tile.locator(".sum")).to_be_visible()
    *added, total = [float(text) for text in parts.all_text_contents()]
    assert sum(added) == pytest.approx(total, abs=0.0005 * (len(added) + 1))


def test_what_was_seen_and_clicked_names_the_list_and_the_sale_is_owed_to_it(page: Page, shop: Shop) -> None:
    shown = page.locator("#for-you [data-list]").get_attribute("data-list")
    page.locator(LIST).nth(1).get_by_role("link").click()
    product = page.locator("[data-view]").get_attribute("data-view")
    page.get_by_role("button", name="Put into cart").click()
    expect(page.locator("header .cart")).to_have_text("Cart 1")

    def said() -> dict[str, tuple[str, str]]:
        events = [one for one in since(shop) if (one["product_id"], one["recommendation_id"]) == (product, shown)]
        return {one["event_type"]: (one["product_id"], one["properties"]["position"]) for one in events}

    kinds = ("impression", "click", "cart_add")
    until(lambda: said().keys() >= {*kinds}, lambda: str(said()))
    assert said() == dict.fromkeys(kinds, (product, "2"))


def since(shop: Shop) -> list[dict[str, Any]]:
    """Read what has come to the topic since it landed last."""
    follower, found = Follower(shop.settings.kafka.brokers, shop.settings.kafka.activity, shop.next), list[Record]()
    while not follower.caught_up:
        found += follower.take(1)
    follower.close()
    return [{"recommendation_id": None} | json.loads(record.value or b"") for record in found]


def test_who_does_not_agree_is_not_followed_and_sees_what_is_popular(
    context: BrowserContext, address: str, shop: Shop
) -> None:
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/events" in request.url else None)
    page.goto(address)
    page.get_by_role("button", name="No", exact=True).click()
    before = listed(page)
    page.locator(LIST).first.get_by_role("link").click()
    page.get_by_role("button", name="Put into cart").click()
    page.goto(address)
    assert listed(page) == before
    assert sent == []
    assert page.evaluate("Object.keys(localStorage)") == []
    assert "session" not in {cookie.get("name") for cookie in context.cookies()}


def test_departments_narrow_the_shelf(page: Page) -> None:
    page.locator("nav a", has_text="Kitchen").click()
    expect(page.locator("main h1")).to_have_text("Kitchen")
    names = page.locator("main .tiles .name").all_text_contents()
    assert names
    page.locator("main .tiles a").first.click()
    expect(page.locator(".path").first).to_contain_text("Kitchen")


@pytest.mark.parametrize("path", ["/", "/?category=kitchen", "/cart"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(page: Page, address: str, path: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.eval_on_selector_all(
        "button, input:not([type=hidden])", "all => all.filter(one => one.offsetHeight < 44).length"
    )
    assert small == 0  # a finger's width


def test_a_product_that_nobody_knows_and_words_that_are_markup_do_no_harm(address: str, page: Page) -> None:
    answer = httpx.get(f"{address}/p/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    log_in(page, "<img src=x onerror=alert(1)> é")
    page.reload()
    expect(page.locator(".who b")).to_have_text("<img src=x onerror=alert(1)> é")


def test_a_shop_whose_service_is_away_says_so_and_looks_again() -> None:
    with _open("http://127.0.0.1:9") as address:
        answer = httpx.get(address)
    assert answer.status_code == 503
    assert "run `mart up`" in answer.text
    assert 'http-equiv="refresh"' in answer.text


def test_a_cart_is_what_its_cookie_says() -> None:
    cart = Cart.read("").with_("a.b").with_("c/d é").with_("a.b")
    assert Cart.read(cart.cookie()) == Cart(("a.b", "c/d é"))
    assert cart.without("a.b").without("x") == Cart(("c/d é",))
    full = Cart(tuple(map(str, range(MOST)))).with_("new")
    assert (len(full.products), full.products[-1]) == (MOST, "new")
