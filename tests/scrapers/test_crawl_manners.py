"""How a crawl behaves where a shop, or the network before it, does not: one crawl of a shop that is spoilt in many places."""

import doctest
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from scrapy.http import Response

from scrapers import door, fence
from scrapers.pages import dates
from scrapers.spiders import links
from tests.scrapers.crawling import Crawls, Demo, Ended, path
from tests.scrapers.wild import Wild, product, served


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo.start(tmp_path_factory.mktemp("demo"))
    yield demo
    demo.child.terminate()
    demo.child.wait()


@pytest.fixture
def wild() -> Iterator[Wild]:
    with served() as wild:
        yield wild


@pytest.fixture
def crawls(wild: Wild, tmp_path: Path) -> Crawls:
    return Crawls(tmp_path / "home", [f"{wild.url}/"], name="wild")


KINDS = ("429", "503", "reset", "redirect_loop", "redirect_away", "private", "huge", "broken_html", "wrong_charset", "wrong_charset_utf8", "empty")  # fmt: skip
ONCE = {"429", "503", "reset"}  # at the first request
Spoilt = tuple[dict[str, str], Crawls, Ended]


@pytest.fixture(scope="module")
def spoilt(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Spoilt:
    """Pages of the German shop by the mischief that is done to them, and a crawl of it."""
    places = dict(zip(KINDS, sorted(demo.truth("demo-beta"), key=lambda path: "ss" not in path), strict=False))
    for kind, place in places.items():
        demo.mischief(place, kind, "&first=1" if kind in ONCE else "")
    crawls = Crawls(
        tmp_path_factory.mktemp("spoilt"), [f"{demo.url}/beta/c/all"], name="demo-beta",
        shop={"domains": [f"127.0.0.1:{demo.port}", "169.254.169.254"], "private": True}, scraping={"largest_page": 2_000_000},
    )  # fmt: skip
    return places, crawls, crawls.run()


def test_spoilt_pages_cost_only_themselves(demo: Demo, spoilt: Spoilt) -> None:
    places, crawls, done = spoilt
    lost = {places[kind] for kind in ("redirect_loop", "redirect_away", "private", "huge", "empty")}
    found = Counter(path(item) for item in crawls.items)
    assert found == Counter(demo.truth("demo-beta").keys() - lost), done.summary
    assert (done.code, done.counts("refused", "errors", "no_product")) == (0, (1, 3, 1))


def test_texts_are_read_right_whatever_the_page_says_about_its_charset(demo: Demo, spoilt: Spoilt) -> None:
    places, crawls, _ = spoilt
    read, truth = {path(item): item for item in crawls.items}, demo.truth("demo-beta")
    for kind in ("wrong_charset", "wrong_charset_utf8", "broken_html", "429", "503", "reset"):
        item, said = read[places[kind]], truth[places[kind]]
        assert item["title"] == said["title"], kind
        assert item["price"] == said["price"] or kind == "broken_html"  # a price is anybody's guess where nothing ends
    assert not read[places["wrong_charset_utf8"]]["title"].isascii()


def test_a_bot_check_stops_the_crawl(demo: Demo, tmp_path: Path) -> None:
    for kind in ("bot_check", "bot_check_403"):
        demo.mischief("/alpha/p/", kind)
        demo.log()
        done = Crawls(tmp_path / kind, [f"{demo.url}/alpha/"], shop={"concurrent": 1, "delay_seconds": 0.3}).run()
        assert (done.code, done.summary["reason"], done.counts("blocked")) == (1, "blocked", (1,))
        assert "asks for a human" in done.err
        assert len([entry for entry in demo.log() if "/p/" in entry["path"]]) == 1


def test_robots_txt_is_obeyed(wild: Wild, crawls: Crawls) -> None:
    wild.page(
        "/robots.txt", "User-agent: product-mart\nDisallow: /secret\nCrawl-delay: 0.3\n\nUser-agent: *\nAllow: /\n"
    )
    wild.shop("/1", "/2", "/secret/3", "/4")
    done = crawls.run()
    assert (done.counts("new", "refused"), "/secret/3" in wild.paths) == ((3, 1), False)
    times = [at for path, at, _ in wild.asked if path != "/robots.txt"]
    assert all(later - at >= 0.2 for at, later in pairwise(times))


def test_a_robots_txt_that_does_not_come_forbids_and_one_that_is_not_there_allows(wild: Wild, crawls: Crawls) -> None:
    wild.shop("/1", "/2", "/3", "/4")
    wild.page("/robots.txt", "down", 500)
    done = crawls.run()
    assert (done.code, done.counts("pages", "refused"), wild.paths) == (1, (0, 1), [])
    del wild.answers["/robots.txt"]
    assert crawls.run().counts("new") == (4,)


def test_a_shop_that_says_retry_after_is_left_alone_so_long(wild: Wild, crawls: Crawls) -> None:
    wild.page("/2", "busy", 429, Retry_After="2")
    wild.page("/2", product("2"))
    wild.shop("/1", "/2", "/3", "/4")
    crawls.shop = {"concurrent": 1}
    done = crawls.run()
    assert done.counts("new", "errors") == (4, 0)
    first = wild.times("/2")[0]
    assert [path for path, at, _ in wild.asked if first < at < first + 2] == []


def test_a_shop_that_wants_to_be_left_alone_for_long_is_crawled_another_time(wild: Wild, crawls: Crawls) -> None:
    wild.page("/2", "busy", 503, Retry_After=format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    wild.page("/2", product("2"))
    wild.shop("/1", "/2", "/3", "/4")
    crawls.shop = {"concurrent": 1, "delay_seconds": 0.3}
    done = crawls.run()
    assert (done.code, done.summary["reason"], wild.times("/4")) == (1, "put off", [])
    again = crawls.run()
    assert (again.code, again.summary["resumed"], again.summary["items"]) == (0, True, 4)


def test_what_fails_is_tried_again_later_and_later_and_then_given_up(wild: Wild, crawls: Crawls) -> None:
    wild.page("/2", "no", 502)
    wild.shop("/1", "/2", "/3", "/4")
    crawls.scraping = {"retries": 2}
    assert crawls.run().counts("new", "errors") == (3, 1)
    first, second, third = wild.times("/2")
    assert (0.7 < second - first < 1.5, 1.4 < third - second < 3) == (True, True)
    assert max(wild.times("/4")) < second  # nobody waited for it


def test_what_is_out_of_bounds_is_not_asked_for(wild: Wild, crawls: Crawls) -> None:
    with served() as other:
        other.page("/away", product("away"))
        wild.page("/2", "", 302, Location=f"{other.url}/away")
        wild.page("/3", "", 302, Location="file:///etc/passwd")
        wild.shop("/1", "/2", "/3", f"{other.url}/tile", "ftp://127.0.0.1/4", "/5")
        done = crawls.run()
        assert other.asked == []
    assert (done.counts("new", "off_site", "refused"), done.code) == ((2, 2, 1), 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_a_private_address_is_refused_by_whatever_name(wild: Wild, tmp_path: Path, host: str) -> None:
    wild.shop("/1", "/2", "/3", "/4")
    start = wild.url.replace("127.0.0.1", host)
    done = Crawls(tmp_path, [f"{start}/"], shop={"private": False}, scraping={"retries": 0}, name="wild").run()
    assert (done.code, done.counts("pages", "refused"), wild.asked) == (1, (0, 1), [])


def test_a_redirect_to_a_private_address_is_refused(wild: Wild, crawls: Crawls) -> None:
    reason = fence.fault("http://169.254.169.254/latest", ["169.254.169.254"], private=False)
    assert reason == "169.254.169.254 is a private address"
    assert fence.fault("http://shop.example/", ["shop.example"], private=False) is None


def test_an_item_that_breaks_its_checks_becomes_a_reject_with_address_and_reason(wild: Wild, crawls: Crawls) -> None:
    wild.page("/2", product("2", '"price": "12.50"', lang="en"))  # of which country, in which currency?
    wild.shop("/1", "/2", "/3", "/4")
    assert crawls.run().counts("new", "rejects") == (3, 1)
    (reject,) = crawls.rejects
    assert (reject["url"], reject["reason"], reject["document"]["sku"]) == (f"{wild.url}/2", "out_of_range", "2")
    assert "price_has_currency" in reject["detail"]


def test_a_redirect_to_another_tile_is_read_once(wild: Wild, crawls: Crawls) -> None:
    wild.page("/2", "", 301, Location="/1")
    wild.page("/3", "", 301, Location="/new-3")
    wild.page("/new-3", product("3"))
    wild.shop("/1", "/2", "/3", "/4")
    done = crawls.run()
    assert (done.counts("new", "errors"), Counter(wild.paths)["/1"]) == ((3, 0), 1)


def test_retry_after_is_a_number_of_seconds_or_a_date() -> None:
    def said(value: str) -> float | None:
        return door.retry_after(Response("http://shop.example/", headers={"Retry-After": value}))

    assert (said("120"), said("soon"), said(""), said("-1")) == (120.0, None, None, None)
    assert said(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) == pytest.approx(60, abs=2)
    assert said("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (fence, links, dates)] == [0, 0, 0]
