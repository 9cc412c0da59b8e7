"""Shops whose pages need a browser, and the guard through which that browser goes out."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapers import chromium
from scrapers.guard import Guard
from tests.scrapers.crawling import Crawls, Demo, path
from tests.scrapers.wild import Wild, product, served


@pytest.fixture
def wild() -> Iterator[Wild]:
    with served() as wild:
        wild.page("/1?a=b", "hello")
        yield wild


@pytest.fixture
def browser() -> str:
    try:
        return chromium.find()
    except chromium.Missing as missing:
        pytest.skip(str(missing))


def fetched(guard: Guard, url: str) -> int | bytes:
    """What a browser gets through the guard: the body, or the status that refuses it."""

    def fetch(proxy: str) -> int | bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
        try:
            with opener.open(url, timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            return error.code

    async def ask() -> int | bytes:
        proxy = await guard.open()
        try:
            return await asyncio.to_thread(fetch, proxy)
        finally:
            guard.close()

    return asyncio.run(ask())


def test_the_guard_lets_nobody_through_to_a_private_address(wild: Wild) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433"):
        guard = Guard()
        assert fetched(guard, wild.url.replace("127.0.0.1", host) + "/1?a=b") == 403
        assert "a private address" in guard.refused[0]
    assert wild.asked == []


def test_the_guard_lets_through_to_the_private_place_it_was_told_of_and_no_other(wild: Wild) -> None:
    place = wild.url.removeprefix("http://")
    assert fetched(Guard([place]), f"{wild.url}/1?a=b") == b"hello"
    with served() as other:
        assert fetched(Guard([place]), f"{other.url}/") == 403
        assert other.asked == []


def test_a_shop_that_needs_a_browser_where_there_is_none_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = Crawls(tmp_path / "home", ["http://127.0.0.1:9/"], shop={"javascript": True}).run()
    assert (done.code, "there is no Chromium: `make env` installs it" in done.err, "Traceback" in done.err) == (
        1,
        True,
        False,
    )


def test_a_browser_is_led_nowhere_that_a_crawl_may_not_go(browser: str, wild: Wild, tmp_path: Path) -> None:
    with served() as other:
        other.page("/", product("other"))
        lure = f'<script>fetch("{other.url}/")</script><iframe src="{other.url}/"></iframe><script src="{other.url}/x.js"></script>'
        wild.page("/2", product("/2") + lure)
        wild.page("/3", "", 302, Location=f"{other.url}/")
        wild.page("/4", product("/4") + f'<script>location.href = "{other.url}/"</script>')
        wild.shop("/2", "/3", "/4", "/5")
        crawls = Crawls(
            tmp_path / "home", [f"{wild.url}/"], shop={"javascript": True}, scraping={"retries": 0}, name="wild"
        )
        done = crawls.run()
        assert other.asked == []
    assert {item["sku"] for item in crawls.items} >= {"/2", "/5"}, done
    assert {item["shop"] for item in crawls.items} == {"127.0.0.1"}
    assert all(item["url"].startswith(wild.url) for item in crawls.items)


def test_pages_that_need_javascript_are_read(browser: str, tmp_path: Path) -> None:
    demo = Demo.start(tmp_path)
    try:
        demo.mischief("/alpha/", "javascript")
        truth = demo.truth()
        start = [demo.url + place for place in list(truth)[:3]]
        assert Crawls(tmp_path / "plain", start).run().counts("new", "no_product") == (0, 3)
        crawls = Crawls(tmp_path / "rendered", start, shop={"javascript": True})
        done = crawls.run()
        assert (done.code, done.counts("new")) == (0, (3,)), done.err
        assert all(item["price"] == truth[path(item)]["price"] for item in crawls.items)
    finally:
        demo.child.terminate()
        demo.child.wait()
