"""Crawls of the demo shop: everything is found once, the next crawl asks only for what changed, a killed one is gone on with."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scrapers.crawling import Crawls, Demo, ended, path


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo.start(tmp_path)
    yield demo
    demo.child.terminate()
    demo.child.wait()


@pytest.fixture
def crawls(demo: Demo, tmp_path: Path) -> Crawls:
    return Crawls(tmp_path / "home", [f"{demo.url}/alpha/"])


def test_a_crawl_finds_every_product_once_and_what_it_says(demo: Demo, crawls: Crawls) -> None:
    done = crawls.run()
    truth, items = demo.truth(), crawls.items
    assert (done.code, done.counts("new", "rejects", "errors")) == (0, (len(truth), 0, 0)), done.err
    assert Counter(path(item) for item in items) == Counter(truth.keys())
    said = ("shop", "sku", "price", "currency", "in_stock", "gtin", "brand")
    assert all({k: item[k] for k in said} == {k: truth[path(item)][k] for k in said} for item in items)
    assert {(item["outcome"], item["spider"], item["http_status"]) for item in items} == {("new", "shop", 200)}
    assert {item["crawl_id"] for item in items} == {done.summary["crawl_id"]}
    assert any(item["reviews"] for item in items)
    agents = {entry["agent"] for entry in demo.log()}
    assert len(agents) == 1
    assert agents.pop().startswith("product-mart/")


def test_the_next_crawl_asks_only_for_what_changed(demo: Demo, crawls: Crawls) -> None:
    before = demo.truth()
    crawls.run()
    demo.log()
    assert crawls.run().counts("new", "changed", "unchanged") == (0, 0, len(before))
    asked = Counter(entry["status"] for entry in demo.log() if "/p/" in entry["path"])
    assert asked == {304: len(before)}
    sightings = crawls.items[len(before) :]
    assert {(one["outcome"], one["http_status"], len(one["reviews"])) for one in sightings} == {("unchanged", 304, 0)}
    first = {one["offer_id"]: one for one in crawls.items[: len(before)]}
    facts = ("title", "price", "currency", "list_price", "in_stock", "rating", "url")
    assert all({k: one[k] for k in facts} == {k: first[one["offer_id"]][k] for k in facts} for one in sightings)
    assert all(one["seen_at"] > first[one["offer_id"]]["seen_at"] for one in sightings)

    demo.day(1)
    now = demo.truth()
    done = crawls.run("--to", str(crawls.home / "day-1.jsonl"))
    outcomes = {path(item): item for item in map(json.loads, (crawls.home / "day-1.jsonl").read_text().splitlines())}
    changed = {where for where, one in now.items() if one["changed_day"] == 1 and where in before}
    assert {where for where, item in outcomes.items() if item["outcome"] == "changed"} == changed
    assert {where for where, item in outcomes.items() if item["outcome"] == "new"} == now.keys() - before.keys()
    assert {where: item["price"] for where, item in outcomes.items()} == {
        where: one["price"] for where, one in now.items()
    }
    assert done.counts("pages")[0] >= len(now)

    assert crawls.run("--fresh").counts("new", "unchanged") == (len(now), 0)


def test_a_killed_crawl_is_gone_on_with_and_nothing_is_left_out(demo: Demo, crawls: Crawls) -> None:
    demo.mischief("/alpha/p/", "slow", "&share=0.2")
    child, file = crawls.begin(), crawls.home / "crawls" / "demo-alpha" / "items.jsonl"
    while not file.exists() or len(file.read_bytes().splitlines()) < 8:
        time.sleep(0.01)
        assert child.poll() is None, child.communicate()
    os.killpg(child.pid, signal.SIGKILL)
    ended(child)
    first = len(crawls.items)
    demo.mischief("/alpha/p/", "none")
    demo.log()

    done = crawls.run()
    times = Counter(path(item) for item in crawls.items)
    assert (done.code, done.summary["resumed"]) == (0, True)
    assert times.keys() == demo.truth().keys()
    assert sum(times.values()) - len(times) <= 1  # the one that was published and not yet remembered
    assert {item["crawl_id"] for item in crawls.items} == {done.summary["crawl_id"]}
    assert len([entry for entry in demo.log() if "/p/" in entry["path"]]) <= len(times) - first + 1
    assert not crawls.run().summary["resumed"]


def test_one_crawl_of_a_shop_works_at_a_time_and_sigterm_ends_it_well(demo: Demo, crawls: Crawls) -> None:
    demo.mischief("/alpha/p/", "slow")
    first = crawls.begin()
    while not any("/p/" in entry["path"] for entry in demo.ask("/log.json")):
        time.sleep(0.02)
    second = crawls.run()
    assert (second.code, "another crawl of this shop is at work" in second.err) == (1, True)
    first.send_signal(signal.SIGTERM)
    done = ended(first)
    assert (done.code, done.summary["reason"]) == (1, "shutdown")
    assert "the same command goes on with it" in done.err
    demo.mischief("/alpha/p/", "none")
    last = crawls.run()
    assert (last.code, last.summary["resumed"], last.summary["items"]) == (0, True, len(demo.truth()))


def test_a_limit_bounds_the_products_that_are_read(demo: Demo, crawls: Crawls) -> None:
    done = crawls.run("--limit", "5", "--to", "-", "--start", f"{demo.url}/alpha/c/all")
    assert (done.code, done.out) == (2, "")
    words = [
        word
        for word in crawls.words("--limit", "5", "--to", "-", "--start", f"{demo.url}/alpha/c/all")
        if word != "--json"
    ]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    items = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len({item["sku"] for item in items}) == 5
    assert len([entry for entry in demo.log() if "/p/" in entry["path"]]) == 5
    assert "5 new" in shown.stderr


def test_a_file_that_cannot_be_written_ends_the_crawl_loudly_and_costs_nothing(demo: Demo, crawls: Crawls) -> None:
    (crawls.home / "full").parent.mkdir(parents=True)
    (crawls.home / "full").symlink_to("/dev/full")
    done = crawls.run("--limit", "3", "--to", str(crawls.home / "full"))
    assert (done.code, done.summary["reason"], done.counts("new")) == (1, "failed", (0,))
    again = crawls.run("--limit", "3")
    assert (again.code, again.summary["resumed"], len(crawls.items)) == (0, True, 3)


def test_what_a_person_got_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    crawls = Crawls(tmp_path, ["http://127.0.0.1:9/"])
    crawls.words()
    for words, said in {
        ("elsewhere",): "add [shops.elsewhere], or say --start URL",
        ("elsewhere", "--start", "ftp://x"): "not an http or https address",
        ("demo-alpha", "--to", "-"): "leave one of them out",
    }.items():
        call = crawls.words()
        call[4:5] = words
        done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_a_shop_that_does_not_answer_is_exit_code_1(tmp_path: Path) -> None:
    done = Crawls(tmp_path, ["http://127.0.0.1:9/"], scraping={"retries": 0}).run()
    assert (done.code, done.counts("pages", "items")) == (1, (0, 0))
    assert "nothing could be fetched" in done.err
