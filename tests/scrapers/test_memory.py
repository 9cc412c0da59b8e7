"""What crawls remember: pages for the next one, and the way of the one at work, also when it is killed at any point."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.memory import Known, Memory, Step

URL = "https://shop.example/p/1"
PAGE = Known('"1"', "Wed, 21 Oct 2015 07:28:00 GMT", "digest", {"sku": "1", "title": "Größe"})


def opened(place: Path, reader: str = "1", told: str = "kafka") -> Memory:
    return Memory(place / "memory.sqlite", reader, told)


def test_a_page_is_known_to_the_same_reader_and_for_the_same_kind_of_destination(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.remember(URL, PAGE, "2026-01-01T00:00:00+00:00")
    memory.close()
    assert opened(tmp_path).known(URL) == PAGE
    assert opened(tmp_path, reader="2").known(URL) is None
    assert opened(tmp_path, told="file").known(URL) is None


def test_addresses_that_mean_the_same_are_one_step(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    same = [f"{URL}?b=2&a=1", f"{URL}?a=1&b=2", f"{URL}?a=1&b=2#reviews"]
    assert memory.add(Step(url, "tile") for url in same) == 1
    assert memory.next("tile") == Step(same[0], "tile")
    assert memory.next("tile") is None
    assert not memory.pass_by(same[1])


def test_products_come_before_listings_in_the_order_they_were_found(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.add([Step("https://shop.example/?page=2", "next"), Step(f"{URL}?b", "tile"), Step(f"{URL}?a", "tile")])
    taken = [memory.next("tile", "next") for _ in range(4)]
    assert [step and step.url for step in taken] == [f"{URL}?b", f"{URL}?a", "https://shop.example/?page=2", None]


def test_an_ended_crawl_leaves_its_pages_and_nothing_of_its_way(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    first, resumed = memory.begin()
    memory.add([Step(URL, "tile")])
    memory.remember(URL, PAGE, "2026-01-01T00:00:00+00:00")
    memory.end()
    second, again = memory.begin()
    assert (resumed, again, memory.items, memory.waits(), memory.ways("tile")) == (False, False, 0, False, [])
    assert (second != first, memory.known(URL)) == (True, PAGE)
    memory.forget()
    assert memory.known(URL) is None


@pytest.mark.parametrize("finished", range(4))
def test_what_was_begun_and_not_finished_waits_again(tmp_path: Path, finished: int) -> None:
    memory = opened(tmp_path)
    crawl_id, _ = memory.begin()
    memory.add(Step(f"{URL}{number}", "tile") for number in range(4))
    steps = [memory.next("tile") for _ in range(3)]
    for step in steps[:finished]:
        assert step
        memory.remember(step.url, PAGE, "2026-01-01T00:00:00+00:00")
    again = opened(tmp_path)  # the first one was killed: it closed nothing
    assert again.begin() == (crawl_id, True)
    assert again.items == min(finished, 3)
    left = iter(lambda: again.next("tile"), None)
    assert len(list(left)) == 4 - min(finished, 3)


def test_a_step_ends_together_with_what_it_led_to_or_not_at_all(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.add([Step(URL, "start")])
    memory.next("start")

    def broken() -> list[Step]:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        memory.done(URL, (step for _ in range(1) for step in broken()))
    again = opened(tmp_path)
    again.begin()
    assert again.next("start") == Step(URL, "start")


@given(st.lists(st.sampled_from([f"{URL}?{n}" for n in range(6)]), max_size=30), st.integers(0, 6))
def test_every_address_is_taken_once_whatever_is_found_when(found: list[str], kill_after: int) -> None:
    with TemporaryDirectory() as place:
        memory, done = opened(Path(place)), []
        memory.begin()
        for number, url in enumerate(found):
            memory.add([Step(url, "tile")])
            if number == kill_after:
                memory.next("tile")
                memory = opened(Path(place))
                memory.begin()
            if step := memory.next("tile"):
                memory.done(step.url, item=True)
                done.append(step.url)
        while step := memory.next("tile"):
            memory.done(step.url)
            done.append(step.url)
        assert sorted(done) == sorted(set(found))
