"""The engine over a real lake and a real topic: exact at any moment, within a second, and the same after a restart."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest

from mart.api.answers import UnknownProduct
from mart.api.engine import Engine
from mart.api.filters import Wish
from mart.api.recommend import Ask
from mart.edges import delta, registry
from mart.models import foldin
from mart.models.confidence import confidence_of
from mart.tables import ITEM_FACTORS
from tests.serving.lake import COUNTS, NOW, Shop, event, interactions, read_event, until


class Oracle:
    """Scores by the champion's factors as they lie in the lake, from everything that is in the topic."""

    def __init__(self, shop: Shop, version: str) -> None:
        rows = delta.scan(shop.settings, ITEM_FACTORS.path)
        mine = [row for row in rows.to_table().to_pylist() if row["model_version"] == version]
        self.ids = [row["product_id"] for row in mine]
        self.factors = np.array([row["factors"] for row in mine], np.float32)
        self.als, events = shop.settings.als, shop.events.copy()
        found = (read_event(record) for record in shop.peek())
        events |= {(one["event_id"], one["event_at"]): one for one in found if one}
        self.acts = interactions(events.values())

    def scores(self, user_id: str) -> dict[str, float]:
        rows = [row for row in self.acts if row["user_id"] == user_id and row["product_id"] in self.ids]
        counts = [[row[name] for row in rows] for name in COUNTS]
        at = np.array([row["last_at"].replace(tzinfo=None) for row in rows], "datetime64[us]")
        sure = confidence_of(*counts, at, self.als.taste, NOW)
        products = np.array([self.ids.index(row["product_id"]) for row in rows])
        here = foldin.fold_in(foldin.gram(self.factors), self.factors, products[sure > 0], sure[sure > 0], self.als)
        return dict(zip(self.ids, (self.factors @ here).tolist(), strict=True))


def test_the_score_is_that_of_the_exact_history_by_topic_and_lake_and_counts_nothing_twice(shop: Shop) -> None:
    users = ["u1", "u5", "u9", "somebody-new"]
    again = event("view", "p11", "u1")
    with shop.open() as engine:
        before = engine.made_from_version
        shop.tell(
            engine, again, event("purchase", "p12", "u5", quantity=3), event("refund", "p12", "u5"), b"rubbish", new=3
        )
        shop.tell(engine, again, event("cart_add", "p13", "u1"), event("view", "p14", "somebody-new"), again, new=2)
        shop.tell(engine, event("view", "p2", "u9", "s9"))
        by_topic = {user: by_fold_in(engine, user) for user in users}
        assert_exact(by_topic, Oracle(shop, engine.model_version))

        version = shop.land()
        until(lambda: engine.made_from_version == version, lambda: str(engine.faults))
        assert before is not None
        assert version > before
        for user in users:
            assert by_fold_in(engine, user) == pytest.approx(by_topic[user], abs=1e-6), user

        shop.tell(engine, again, event("view", "p15", "u1"), new=1)  # the lake has the first already
        assert_exact({"u1": by_fold_in(engine, "u1")}, Oracle(shop, engine.model_version))


def test_an_engine_that_starts_later_gives_the_same_lists_and_still_knows_a_repeat(shop: Shop) -> None:
    said = (
        event("view", "p31", session_id="visit"),
        event("cart_add", "p32", "u2", "visit-2"),
        event("view", "p33", "u2"),
    )
    asks = [
        Ask("u2"),
        Ask(session_id="visit"),
        Ask("u2", "visit-2"),
        Ask("u7", wish=Wish(category=("home",))),
        Ask("nobody"),
    ]
    with shop.open() as engine:
        shop.tell(engine, *said)
        first = [engine.recommend(ask).items for ask in asks]
    assert first[0] != first[3] != first[4]
    for has_landed in (False, True):
        if has_landed:
            shop.land()
            first.pop()  # what is popular has changed
        with shop.open() as engine:
            shop.tell(engine, *said, event("rating", "p1", "u2"), new=1)
            again = [engine.recommend(ask).items for ask in asks]
        for one, other in zip(first, again, strict=False):
            assert [(i.product_id, i.reason) for i in other] == [(i.product_id, i.reason) for i in one]
            assert [i.score for i in other] == pytest.approx([i.score for i in one], abs=1e-6)


def test_a_click_changes_the_next_list_within_a_second(shop: Shop) -> None:
    took = []
    with shop.open() as engine:
        for _ in range(10):
            before = shown(engine, "u3", "s3")
            began = time.perf_counter()
            shop.send([event("view", before[0], "u3", "s3")])
            until(partial(differs, engine, before), lambda: "the list has not changed")
            took.append(time.perf_counter() - began)
    assert max(took) < 1, took


def differs(engine: Engine, before: list[str]) -> bool:
    return before[0] not in shown(engine, "u3", "s3")


def test_what_was_done_before_the_login_joins_the_account_and_nobody_elses(shop: Shop) -> None:
    with shop.open() as engine:
        start = by_fold_in(engine, "late-comer")
        assert start == {}
        shop.tell(engine, event("view", "p40", session_id="s4"), event("view", "p41", session_id="s4"))
        assert by_fold_in(engine, "late-comer") == {}
        shop.tell(engine, event("view", "p42", "late-comer", "s4"))
        reasons = {part.product_id for part in engine.because("p50", Ask("late-comer")).contributions}
        assert reasons == {"p40", "p41", "p42"}
        assert not {"p40", "p41", "p42"} & set(shown(engine, "late-comer"))
        other = {part.product_id for part in engine.because("p50", Ask("another", "s4")).contributions}
        assert other == {"p40", "p41"}, "what was done under an account is its own"


def test_the_cart_and_what_was_bought_are_not_shown_and_why_not_says_so(shop: Shop) -> None:
    with shop.open() as engine:
        shop.tell(
            engine,
            event("cart_add", "p20", "u4", "a"),
            event("purchase", "p21", "u4", "a"),
            event("view", "p22", "u4", "a"),
        )
        assert not {"p20", "p21", "p22"} & set(shown(engine, "u4", n=100))
        why = {one: engine.why_not(one, Ask("u4")).filters for one in ("p20", "p21", "p22")}
        assert (why["p20"][0], why["p21"][0], why["p22"]) == ("in_cart", "purchased", ["seen"])
        shop.tell(engine, event("cart_remove", "p20", "u4", "b"))
        assert engine.why_not("p20", Ask("u4")).filters == ["seen"], "taken out in another visit"
        found = engine.why_not("p23", Ask("u4", n=1, wish=Wish(in_stock=False)))
        assert not found.filters
        assert found.rank is not None
        place = shown(engine, "u4", n=100).index("p23") + 1
        assert (found.rank, found.shown) == (place, place == 1)


def test_the_last_click_before_an_instant_is_the_list_that_a_purchase_is_owed_to(shop: Shop) -> None:
    now = datetime.now(UTC)
    clicks = [
        event("click", "p60", None, "s6", recommendation_id="7.-.01A", properties={"position": "3"}),
        event("click", "p60", "u6", recommendation_id="7.-.01B", properties={"position": 4}),
        event("click", "p61", "u6"),
    ]
    with shop.open() as engine:
        shop.tell(engine, *clicks)
        soon = now + timedelta(minutes=1)
        assert engine.last_click(None, "s6", "p60", soon)[:2] == ("7.-.01A", 3)
        assert engine.last_click("u6", "s6", "p60", soon)[:2] == ("7.-.01B", 4)
        assert engine.last_click("u6", None, "p61", soon) is None, "it came from no list"
        assert engine.last_click("u6", None, "p60", now - timedelta(minutes=1)) is None
        assert engine.last_click("u6", None, "p60", now + timedelta(hours=25)) is None


def test_a_new_champion_is_taken_in_under_load_without_a_failed_request(shop: Shop) -> None:
    new, stop = shop.train(seed=2), threading.Event()
    with shop.open() as engine, ThreadPoolExecutor(4) as pool:
        old = engine.model_version

        def ask(user: str) -> set[tuple[str, int]]:
            answers = set()
            while not stop.wait(0.002):
                answer = engine.recommend(Ask(user))
                answers.add((answer.model_version, len(answer.items)))
            return answers

        asking = [pool.submit(ask, f"u{number}") for number in range(4)]
        try:
            registry.release(shop.settings, new, registry.CHAMPION)
            until(lambda: engine.model_version == new, lambda: str(engine.faults))
            time.sleep(0.2)
        finally:
            stop.set()
        assert {one for each in asking for one in each.result()} == {(old, 10), (new, 10)}
        assert_exact({"u1": by_fold_in(engine, "u1")}, Oracle(shop, new))


def test_a_product_that_nobody_knows_is_told_and_one_that_is_gone_from_the_topic_too(shop: Shop) -> None:
    with shop.open() as engine, pytest.raises(UnknownProduct, match="no product 'p-none' is known"):
        engine.similar("p-none", Ask())
    elsewhere = shop.settings.kafka.model_copy(update={"activity": "test-not-there"})
    engine = Engine(shop.settings.model_copy(update={"kafka": elsewhere}))
    engine.start()
    try:
        until(lambda: "test-not-there" in str(engine.lacks()), lambda: str(engine.lacks()))
    finally:
        engine.stop()


def by_fold_in(engine: Engine, user_id: str) -> dict[str, float]:
    """Give the scores of the products that the model itself has put into a list."""
    answer = engine.recommend(Ask(user_id, n=100, wish=Wish(in_stock=False)))
    return {i.product_id: i.score for i in answer.items if "because you" in i.reason or i.reason.endswith("like you")}


def shown(engine: Engine, user_id: str, session_id: str | None = None, n: int = 20) -> list[str]:
    answer = engine.recommend(Ask(user_id, session_id, n=n, wish=Wish(in_stock=False)))
    return [item.product_id for item in answer.items]


def assert_exact(found: dict[str, dict[str, float]], oracle: Oracle) -> None:
    for user, scores in found.items():
        expected = oracle.scores(user)
        assert len(scores) > 20, user
        assert scores == pytest.approx({one: expected[one] for one in scores}, abs=1e-5), user
