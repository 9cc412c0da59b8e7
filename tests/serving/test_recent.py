"""History and overlay against plain loops: what is folded, what is left out, what is let go."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mart.api import acts as overlay
from mart.api import history
from mart.api.acts import Act, Event
from mart.api.base import micros
from mart.api.catalogue import Numbers
from mart.api.recent import Bounds, Recent

MINUTE = 60_000_000
KINDS = ("view", "cart_add", "purchase", "refund")
ROWS = st.tuples(
    st.sampled_from(["", "a", "ä", "b", "日本", "u1", "u10", "u2"]),
    st.sampled_from("pqrs"),
    st.integers(0, 5),
    st.integers(0, 10**6),
)
ACTS = st.lists(
    st.builds(Act, st.integers(0, 2), st.integers(0, 9), st.sampled_from("pqrs"), st.sampled_from(KINDS), st.integers(1, 4), st.integers(0, 10**9), st.just("u")),
    max_size=30,
)  # fmt: skip


def happened(kind: str, product: str, user: str | None, session: str | None, at: int = 0, **more: object) -> Event:
    given = {"event_id": f"{kind}{product}{user}{session}{at}", "at": at, "kind": kind, "product_id": product}
    rest = {"pieces": 1, "recommendation_id": None, "position": None, "partition": 0, "offset": 0}
    return Event(**given, user_id=user, session_id=session, **(rest | more))  # type: ignore[arg-type]


@given(rows=st.lists(ROWS, unique_by=lambda row: row[:2], max_size=40))
def test_a_shoppers_history_is_found_whatever_the_ids_and_the_order(rows: list[tuple[str, str, int, int]]) -> None:
    numbers = Numbers()
    columns = {
        "user_id": pa.array([r[0] for r in rows], pa.string()),
        "product_id": pa.array([r[1] for r in rows], pa.string()),
    }
    columns |= {name: pa.array([r[2] for r in rows], pa.int64()) for name in history.COLUMNS[2:6]}
    found = history.of(
        pa.table(columns | {"last_at": pa.array([r[3] for r in rows], pa.timestamp("us", "UTC"))}), numbers
    )
    for user in ["", "a", "ä", "b", "日本", "u1", "u10", "u2", "nobody", "u"]:
        acts = found.of(user)
        mine = {
            numbers.ids[p]: (v, int(t.astype(int)))
            for p, v, t in zip(acts.products, acts.views, acts.last_at, strict=True)
        }
        assert mine == {product: (count, at) for one, product, count, at in rows if one == user}


@given(acts=ACTS, parts=st.integers(1, 4))
def test_acts_fold_as_the_table_does_in_whatever_parts_they_come(acts: list[Act], parts: int) -> None:
    numbers = Numbers()
    numbers.deal(pa.chunked_array([list("pqrs")]))
    folded = history.together(overlay.counted(acts[part::parts], numbers) for part in range(parts))
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, -1])
    for act in acts:
        row = expected[act.product_id]
        for place, kind in enumerate(KINDS[:3]):
            row[place] += act.kind == kind
        row[3] += act.pieces * ((act.kind == "purchase") - (act.kind == "refund"))
        row[4] = max(row[4], act.at)
    columns = (folded.views, folded.cart_adds, folded.purchases, folded.quantity, folded.last_at.astype(np.int64))
    rows = zip(folded.products, *(column.tolist() for column in columns), strict=True)
    assert {numbers.ids[product]: values for product, *values in rows} == dict(expected)


@given(acts=ACTS, ends=st.dictionaries(st.integers(0, 2), st.integers(0, 10)))
def test_acts_beyond_a_history_are_those_at_or_after_its_ends(acts: list[Act], ends: dict[int, int]) -> None:
    found = overlay.beyond([*acts, Act(overlay.IN_LAKE, 0, "p", "view", 1, 0, "u")], ends)
    assert found == [act for act in acts if act.partition not in ends or act.offset >= ends[act.partition]]


def test_a_visit_that_has_been_idle_too_long_no_longer_counts_and_a_cart_stays_a_day() -> None:
    held = Recent(30 * MINUTE, 24 * 60 * MINUTE)
    held.take([happened("view", "p", None, "s", at=10**15), happened("cart_add", "q", None, "s", at=10**15)], 10**15)
    now = held.of(None, "s", 10**15 + 29 * MINUTE)
    assert ({act.product_id for act in now.visit}, now.cart, now.seen) == ({"p", "q"}, {"q"}, {"p", "q"})
    later = held.of(None, "s", 10**15 + 31 * MINUTE)
    assert (later.visit, later.cart, later.seen) == ([], {"q"}, set())
    held.take([], 10**15 + 25 * 60 * MINUTE)
    assert held.sizes()["sessions"] == 0


def test_a_repeat_counts_once_and_the_same_id_at_another_instant_is_another_event() -> None:
    held, one = Recent(MINUTE, MINUTE), happened("view", "p", "u", None, at=5)
    held.take([one, one._replace(offset=7), one._replace(at=6)], 6)
    held.take([one], 6)
    assert [act.at for act in held.of("u", None, 6).account] == [5, 6]


def test_what_is_held_stays_below_its_bounds_and_the_idle_go_first() -> None:
    held = Recent(MINUTE, 10**18, Bounds(shoppers=20, acts=10, sessions=2, identities=50))
    held.take([happened("view", "p", f"u{n}", f"s{n}", at=n) for n in range(30)], 0)
    assert not held.of("u9", None, 0).account
    assert held.of("u10", None, 0).account
    held.take([happened("view", f"p{n}", "u", f"s-{n}", at=10**7 + n) for n in range(30)], 0)
    assert [act.product_id for act in held.of("u", None, 0).account] == [f"p{n}" for n in range(20, 30)]
    assert held.sizes() == {"shoppers": 20, "sessions": 20, "acts": 19 + 10 + 20, "identities": 50}


def test_tidying_lets_go_of_what_the_lake_has_and_keeps_the_running_visit() -> None:
    held, now = Recent(30 * MINUTE, 24 * 60 * MINUTE), 10**15
    old, new = now - 60 * MINUTE, now - MINUTE
    held.take(
        [happened("view", "p", "u", None, at=old, offset=3), happened("view", "q", "u", None, at=new, offset=4)], now
    )
    held.take([happened("view", "r", "u", None, at=old + 1, offset=5)], now)
    held.forget({0: 5}, now)
    assert [act.product_id for act in held.of("u", None, now).account] == ["q", "r"]
    assert held.of("u", None, now).seen == {"q"}


def test_a_visit_knows_whether_it_began_before_the_login() -> None:
    held = Recent(30 * MINUTE, 24 * 60 * MINUTE)
    held.take(
        [
            happened("view", "p", None, "s", at=1),
            happened("view", "p", "u", "s", at=2),
            happened("view", "p", "u", "t", at=3),
        ],
        3,
    )
    assert held.of("u", "s", 3).unknown_at_first
    assert not held.of("u", "t", 3).unknown_at_first


def test_an_instant_is_microseconds_since_1970() -> None:
    assert micros(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1, microseconds=3)) == 1_000_003
