"""tracker.js in a real Chromium, on a page of another origin than the service, down to the topic."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pydantic import SecretStr

from mart.api.app import app
from mart.api.tracker import CLICKS, IDLE, SOURCE, script
from mart.edges.collecting import KafkaOutlet
from mart.settings import ApiKey, Settings
from tests.api.collecting import Client, Served, Standin, settings_with
from tests.browsing import PERSON, launched

KEY = "pub-5555"
PAGE = """<!doctype html><title>shop</title><link rel="icon" href="data:,">
<script src="{api}/tracker.js" data-key="{key}" {more}></script><a id="away" href="/next">away</a>"""


class Shop(BaseHTTPRequestHandler):
    """Pages of a shop; what a path says stands in the tag of the script."""

    api = ""

    def do_GET(self) -> None:
        more = 'data-consent="granted"' if self.path.startswith("/agreed") else ""
        body = PAGE.format(api=self.api, key=KEY, more=more).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The origin of a shop."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture
def api(broker: Settings, topic: str, shop: str) -> Iterator[Served]:
    key = ApiKey(key=SecretStr(KEY), scopes=("collect",), origins=(shop,))
    api = Served(settings_with(broker, topic, keys={"shop": key}), Standin())
    Shop.api = api.url
    yield api
    api.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(user_agent=PERSON)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, shop: str, api: Served) -> Page:
    """A page of a shopper who has agreed."""
    return opened(context, f"{shop}/agreed")


def opened(context: BrowserContext, url: str, said: Callable[[str], None] = lambda text: None) -> Page:
    page = context.new_page()
    page.on("console", lambda message: said(message.text))
    page.on("pageerror", lambda error: said(str(error)))
    page.goto(url)
    return page


def stored(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("({...localStorage})")
    return found


def test_it_is_small_and_browsers_keep_it(broker: Settings) -> None:
    shown = script(broker.api.session_minutes, broker.api.attribution_hours)
    assert len(shown) < 3_000
    with Client(app(broker, Standin(), KafkaOutlet(broker)), ("10.0.0.7", 1), "https://api.example") as client:
        answer = client.get("/tracker.js")
        assert answer.content == shown
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=3600"
        again = client.get("/tracker.js", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_it_sends_what_a_shopper_does(context: BrowserContext, shop: str, api: Served) -> None:
    said: list[str] = []
    page = opened(context, f"{shop}/agreed", said.append)
    page.evaluate("""() => {
      mart.user("u7");
      mart.impression("p1", {recommendation_id: "3.-.abc", position: 0});
      mart.click("p1", {recommendation_id: "3.-.abc", position: 0});
      mart.view("p1", {category: "toys", properties: {place: "home"}});
      mart.cart_add("p1", {quantity: 2, price: 9.5, currency: "EUR"});
      mart.cart_remove("p1");
      mart.purchase("p1", {order_id: "o1", quantity: 1, price: 9.5, currency: "EUR"});
    }""")
    events = {event["event_type"]: event for event in api.events(6)}
    assert set(events) == {"view", "cart_add", "cart_remove", "purchase", "impression", "click"}
    assert {(event["user_id"], event["product_id"]) for event in events.values()} == {("u7", "p1")}
    assert len({event["session_id"] for event in events.values()}) == 1
    assert len({event["event_id"] for event in events.values()}) == 6
    lists = {name: (event.get("recommendation_id"), event["properties"]) for name, event in events.items()}
    followed = ("3.-.abc", {"position": "0", "sender": "shop"})
    assert lists == {
        **dict.fromkeys(("impression", "click", "cart_add", "purchase"), followed),
        "view": (None, {"place": "home", "sender": "shop"}),
        "cart_remove": (None, {"sender": "shop"}),
    }
    assert (events["cart_add"]["quantity"], events["purchase"]["order_id"]) == (2, "o1")
    page.wait_for_function("Object.keys(localStorage).every(name => !name.startsWith('mart.e.'))")
    assert said == []


def test_nothing_is_stored_or_sent_before_the_shopper_agrees(context: BrowserContext, shop: str, api: Served) -> None:
    page = opened(context, f"{shop}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("mart.view('p1')")
    page.wait_for_timeout(300)
    assert (stored(page), asked, page.evaluate("mart.session()")) == ({}, [], None)
    page.evaluate("() => { mart.consent(true); mart.click('p2', {recommendation_id: 'r', position: 1}) }")
    assert [event["product_id"] for event in api.events(1)] == ["p2"]
    assert any(name.startswith("mart.") for name in stored(page))
    page.evaluate("() => { localStorage.other = 1; mart.consent(false); mart.view('p3') }")
    page.wait_for_timeout(300)
    assert stored(page) == {"other": "1"}
    assert len(api.events(1)) == 1


def test_a_session_lasts_until_nothing_has_happened_for_half_an_hour(
    page: Page, context: BrowserContext, shop: str, api: Served
) -> None:
    first = page.evaluate("mart.session()")
    page.reload()
    tab = opened(context, f"{shop}/agreed")
    assert (page.evaluate("mart.session()"), tab.evaluate("mart.session()")) == (first, first)
    idle = "minutes => { const s = JSON.parse(localStorage['mart.session']); s.at -= minutes * 6e4; localStorage['mart.session'] = JSON.stringify(s) }"
    page.evaluate(idle, 29)
    assert page.evaluate("mart.session()") == first
    page.evaluate(idle, 31)
    assert page.evaluate("mart.session()") != first


def test_what_happens_as_a_page_is_left_arrives(page: Page, api: Served) -> None:
    page.evaluate(
        "document.getElementById('away').addEventListener('click', () => mart.click('p5', {recommendation_id: 'r', position: 2}))"
    )
    page.click("#away")
    page.wait_for_url("**/next")
    assert [event["product_id"] for event in api.events(1)] == ["p5"]


def test_what_happens_as_a_tab_is_closed_arrives(page: Page, api: Served) -> None:
    page.evaluate("addEventListener('pagehide', () => 0); document.addEventListener('visibilitychange', () => 0)")
    page.evaluate("mart.view('p6')")
    page.close(run_before_unload=True)
    assert [event["product_id"] for event in api.events(1)] == ["p6"]


def test_what_send_beacon_refuses_is_fetched_and_tried_until_it_is_taken(page: Page, api: Served) -> None:
    answers = [429, 503]
    tried: list[str] = []

    def answer(route: Any) -> None:  # noqa: ANN401
        tried.append(route.request.post_data)
        origin = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After",
            "Retry-After": "1",
        }
        route.fulfill(status=answers.pop(0), headers=origin) if answers else route.continue_()

    page.route("**/events?*", answer)
    page.evaluate("() => { navigator.sendBeacon = () => false; mart.view('p7') }")
    page.wait_for_function(
        "Object.keys(localStorage).filter(name => name.startsWith('mart.e.')).length == 0", timeout=15_000
    )
    assert [event["product_id"] for event in api.events(1)] == ["p7"]
    assert len({json.loads(body)["events"][0]["event_id"] for body in tried}) == 1
    assert len(tried) == 3


def test_what_is_refused_for_good_is_not_tried_again(page: Page, api: Served) -> None:
    page.evaluate("() => { navigator.sendBeacon = () => false; mart.view('') }")
    page.wait_for_function("Object.keys(localStorage).filter(name => name.startsWith('mart.e.')).length == 0")
    assert api.events(0) == []


def test_what_happened_without_a_network_is_sent_by_the_next_page(
    page: Page, context: BrowserContext, shop: str, api: Served
) -> None:
    context.set_offline(True)
    page.evaluate("() => { mart.view('p8'); mart.view('p9') }")
    page.wait_for_timeout(200)
    page.close()
    context.set_offline(False)
    opened(context, f"{shop}/agreed")
    assert {event["product_id"] for event in api.events(2)} == {"p8", "p9"}


def test_a_full_or_forbidden_store_costs_no_event(page: Page, api: Served) -> None:
    page.evaluate("""() => {
      try { for (let n = 0, big = "x".repeat(1e5); ; n++) localStorage["full" + n] = big } catch {}
      try { for (let n = 0; ; n++) localStorage["more" + n] = "x" } catch {}
      mart.view("p10"); mart.view("p11");
    }""")
    assert {event["product_id"] for event in api.events(2)} == {"p10", "p11"}


def test_a_browser_that_something_drives_is_marked_as_a_bot(
    browser: Browser, context: BrowserContext, shop: str, api: Served
) -> None:
    headless = browser.new_context()
    opened(headless, f"{shop}/agreed").evaluate("mart.view('p12')")
    driven = browser.new_context(user_agent=PERSON)
    driven.add_init_script("Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => true})")
    opened(driven, f"{shop}/agreed").evaluate("mart.view('p13')")
    opened(context, f"{shop}/agreed").evaluate("mart.view('p14')")
    found = {event["product_id"]: event["properties"].get("bot") for event in api.events(3)}
    assert found == {"p12": "true", "p13": "true", "p14": None}
    headless.close()
    driven.close()


def test_a_visit_and_a_click_last_as_long_as_the_settings_say() -> None:
    assert (SOURCE.count(IDLE), SOURCE.count(CLICKS)) == (1, 1)
    shown = script(45, 0.5).decode()
    assert "> 45*6e4" in shown
    assert "< 0.5*36e5" in shown
