"""The invented shop: exact sizes, the same bytes from the same seed, and a truth that an independent count agrees with."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from mart.replay.broken import KINDS, LARGE, Kind, kind
from mart.replay.generate import Plan, history
from mart.replay.shop import Shop
from mart.replay.stream import Shares, Writer
from mart.replay.visits import DAY, NOBODY, TYPES, VIEW, visits
from mart.settings import Settings
from mart.tables.activity import EVENT_TYPES, REASONS

PLAN = Plan(shoppers=150, products=60, events=6_000, days=20, shares=Shares(bad=0.05, late=0.04, duplicates=0.03))
END = PLAN.end
EPOCH, DOOMSDAY = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generated history and the truth about it."""
    out = tmp_path_factory.mktemp("shop")
    history(PLAN, out, None, Settings.read(home=out))
    return out


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().split(b"\n")[:-1]


def _broken_places(made: Path) -> set[int]:
    return {json.loads(line)["record"] for line in _lines(made / "rejects.jsonl")}


def _sound(made: Path) -> list[dict[str, Any]]:
    """Events in order of arrival, copies among them."""
    broken = _broken_places(made)
    lines = _lines(made / "activity.jsonl")
    return [json.loads(line, parse_float=Decimal) for n, line in enumerate(lines, start=1) if n not in broken]


def _at(event: dict[str, Any]) -> datetime:
    given = event["event_at"]
    at = EPOCH + timedelta(milliseconds=given) if isinstance(given, int) else datetime.fromisoformat(given)
    return at.astimezone(UTC)


def test_the_number_of_everything_is_as_asked(made: Path) -> None:
    truth = json.loads((made / "truth.json").read_text())
    assert (truth["events"], truth["duplicates"], truth["rejects"]) == (6_000, 180, 300)
    assert truth["records"] == len(_lines(made / "activity.jsonl")) == 6_480
    assert sum(truth["rejects_by_reason"].values()) == sum(truth["rejects_by_kind"].values()) == 300
    sound = _sound(made)
    copies = Counter((event["event_id"], event["event_at"]) for event in sound)
    assert (len(sound), len(copies)) == (6_180, 6_000)
    first_time = {event["event_id"]: event for event in sound}.values()
    assert Counter(event["event_type"] for event in first_time) == truth["events_by_type"]
    assert all(truth["events_by_type"].values())


def test_what_comes_late_is_as_many_as_told(made: Path) -> None:
    seen: set[str] = set()
    newest, late = EPOCH, 0
    for event in _sound(made):
        if event["event_id"] not in seen:
            late += _at(event) < newest - timedelta(minutes=30)
            newest = max(newest, _at(event))
        seen.add(event["event_id"])
    told = json.loads((made / "truth.json").read_text())["late"]
    assert 0.03 * 6_000 < told < 0.05 * 6_000
    assert abs(late - told) <= 0.1 * told  # the order shows it only where something newer came before


def test_the_truth_agrees_with_a_count_of_the_records_in_plain_python(made: Path) -> None:
    events = {event["event_id"]: event for event in _sound(made)}.values()
    expected = _count(events)
    for table, keys in {"interactions": 2, "popularity": 2, "sales": 3, "funnel": 2}.items():
        found = duckdb.sql(f"FROM '{made / table}.parquet'").fetchall()
        rows = [[cell.replace(tzinfo=UTC) if isinstance(cell, datetime) else cell for cell in row] for row in found]
        assert {tuple(row[:keys]): row[keys:] for row in rows} == expected[table], table
        assert len(rows) == len(expected[table])


def _count(events: Iterable[dict[str, Any]]) -> dict[str, dict[tuple[Any, ...], list[Any]]]:
    """Fold events one by one, as the tables' columns are described."""
    funnel_types = ("view", "cart_add", "purchase")
    interactions: dict = defaultdict(lambda: [0, 0, 0, 0, DOOMSDAY, EPOCH])
    popularity: dict = defaultdict(lambda: [0, 0, 0, 0, Decimal(0), set()])
    sales: dict = defaultdict(lambda: [0, 0, Decimal(0), Decimal(0)])
    funnel: dict = defaultdict(lambda: [0, 0, 0, set(), set()])
    for event in events:
        type_, at, product, user = event["event_type"], _at(event), event["product_id"], event.get("user_id")
        pieces, who = event.get("quantity", 1), user or event["session_id"]
        value = event.get("price", Decimal(0)) * pieces
        if user and type_ in (*funnel_types, "refund"):
            row = interactions[user, product]
            if type_ in funnel_types:
                row[funnel_types.index(type_)] += 1
            row[3] += {"purchase": pieces, "refund": -pieces}.get(type_, 0)
            row[4:] = [min(row[4], at), max(row[5], at)]
        if type_ in funnel_types:
            hourly = popularity[product, at.replace(minute=0, second=0, microsecond=0)]
            daily = funnel[at.date(), event["category"]]
            for row in (hourly, daily):
                row[funnel_types.index(type_)] += 1
            hourly[3] += pieces if type_ == "purchase" else 0
            hourly[4] += value if type_ == "purchase" else 0
            hourly[5].add(who)
            daily[3].add(who)
            daily[4] |= {who} if type_ == "purchase" else set()
        if type_ in ("purchase", "refund"):
            row = sales[product, at.date(), event["currency"]]
            sold = type_ == "purchase"
            row[:] = [row[0] + pieces * sold, row[1] + sold, row[2] + value * sold, row[3] + value * (not sold)]
    for counted in (*popularity.values(), *funnel.values()):
        counted[:] = [len(value) if isinstance(value, set) else value for value in counted]
    return {"interactions": interactions, "popularity": popularity, "sales": sales, "funnel": funnel}


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(made: Path, tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    history(PLAN, tmp_path / "again", None, settings)
    history(Plan(shoppers=150, products=60, events=6_000, seed=2), tmp_path / "other", None, settings)
    for file in ("activity.jsonl", "products.jsonl", "truth.json", "rejects.jsonl"):
        assert (tmp_path / "again" / file).read_bytes() == (made / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (made / file).read_bytes()


@pytest.mark.parametrize("count", [1, 10, 3_000])
@pytest.mark.parametrize("days", [0.01, 1, 400])
def test_any_size_has_exactly_its_events_inside_its_period(count: int, days: float) -> None:
    begin = END - round(days * DAY)
    events = visits(Shop(1, 3, 2), np.random.default_rng(1), count, begin, END)
    assert len(events) == count
    assert begin <= events.at.min() <= events.at.max() < END


def test_nobody_buys_what_was_not_in_the_cart_or_gives_back_more_than_was_bought() -> None:
    events = visits(Shop(1, 300, 100), np.random.default_rng(1), 20_000, END - 20 * DAY, END)
    seen: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for type_, visit, product, quantity in zip(events.type, events.visit, events.product, events.quantity, strict=True):
        mine = seen[visit, product]
        mine[TYPES[type_]] += 1 if TYPES[type_] in ("view", "rating") else quantity
        assert mine["cart_add"] == 0 or mine["view"] > 0
        assert mine["purchase"] <= mine["cart_add"]
        assert mine["refund"] <= mine["purchase"]
    assert {type_ for mine in seen.values() for type_ in mine} == set(TYPES) <= set(EVENT_TYPES)
    assert 0.1 < (events.shopper == NOBODY).mean() < 0.3


def test_popularity_follows_zipf() -> None:
    events = visits(Shop(1, 1_000, 500), np.random.default_rng(1), 100_000, END - 30 * DAY, END)
    sizes = np.sort(np.bincount(events.product))[::-1]
    ranks = np.arange(10, 100)
    slope = np.polyfit(np.log(ranks), np.log(sizes[ranks]), 1)[0]
    assert -1.3 < slope < -0.8


def test_prices_move_but_the_same_product_at_the_same_moment_has_one_price() -> None:
    shop, product = Shop(1, 10, 50), np.arange(50)
    then, now = (shop.prices(np.full(50, at), product) for at in (END - 70 * DAY, END))
    assert (then != now).mean() > 0.3
    assert (np.abs(then - now) < 0.5 * then + 200).all()
    both = shop.prices(np.repeat([END, END - 70 * DAY], 50), np.tile(product, 2))
    assert (both == np.concatenate([now, then])).all()


def test_a_recommender_can_beat_popularity() -> None:
    events = visits(Shop(1, 1_000, 500), np.random.default_rng(1), 100_000, END - 30 * DAY, END)
    views = events.take(np.flatnonzero((events.shopper != NOBODY) & (events.type == VIEW)))
    cut = len(views) * 4 // 5
    seen, new = np.zeros((1_000, 500)), np.zeros((1_000, 500), dtype=bool)
    np.add.at(seen, (views.shopper[:cut], views.product[:cut]), 1)
    new[views.shopper[cut:], views.product[cut:]] = True
    new &= seen == 0

    def recall_at_10(score: np.ndarray) -> float:
        best = np.argsort(-np.where(seen > 0, -np.inf, score), axis=1)[:, :10]
        return float(np.take_along_axis(new, best, axis=1).sum() / new.sum())

    assert recall_at_10(_als(np.log1p(seen))) > 1.2 * recall_at_10(np.tile(seen.sum(axis=0), (1_000, 1)))


def _als(counts: np.ndarray, rank: int = 16, regularisation: float = 20.0, alpha: float = 2.0) -> np.ndarray:
    """Score by implicit ALS (Hu, Koren, Volinsky 2008), three rounds."""
    random = np.random.default_rng(1)
    users, items = (random.normal(0, 0.1, (size, rank)) for size in counts.shape)
    for mine, others, given in ((users, items, counts), (items, users, counts.T)) * 3:
        gram = others.T @ others + regularisation * np.eye(rank)
        for row, confidence in enumerate(alpha * given):
            rated = np.flatnonzero(confidence)
            y, c = others[rated], confidence[rated]
            mine[row] = np.linalg.solve(gram + y.T @ (y * c[:, None]), y.T @ (1 + c))
    return np.asarray(users @ items.T)


SOUND = {
    "event_id": "e",
    "event_type": "view",
    "event_at": "2025-11-03T12:00:00Z",
    "user_id": "u",
    "session_id": "s",
    "product_id": "p",
    "price": 9.99,
    "currency": "EUR",
}


def test_every_reason_has_its_kinds_in_the_order_of_the_reasons() -> None:
    assert list(dict.fromkeys(one.reason for one in KINDS)) == list(REASONS)
    assert len({one.name for one in KINDS}) == len(KINDS)
    assert {one.apply(SOUND) for one in KINDS}.isdisjoint({json.dumps(SOUND, separators=(",", ":")).encode()})


@pytest.mark.parametrize("one", KINDS, ids=lambda one: one.name)
def test_a_broken_record_is_broken_in_the_way_it_says_and_holds_no_line_break(one: Kind) -> None:
    payload = one.apply(SOUND)
    assert b"\n" not in payload
    assert (len(payload) > 1_000_000) == (one.reason == "too_large")
    assert _is_object(payload) == (one.reason != "not_json")


def _is_object(payload: bytes) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        return isinstance(json.loads(payload.decode(), parse_constant=refuse), dict)
    except (ValueError, RecursionError):
        return False


def test_large_records_come_once_and_the_others_in_turn() -> None:
    names = Counter(kind(number).name for number in range(3 * len(KINDS)))
    assert {names[one.name] for one in LARGE} == {1}
    assert min(names.values()) == 1
    assert {names[one.name] for one in KINDS[len(LARGE) :]} == {3, 4}


def test_live_events_happen_when_they_are_asked_for() -> None:
    events = visits(Shop(1, 20, 10), np.random.default_rng(1), 50, END - DAY, END)
    records = Writer(Shop(1, 20, 10), events, "run").live()
    for _ in range(50):
        before = datetime.now(UTC)
        at = _at(json.loads(next(records)[1]))
        assert abs(at - before) < timedelta(seconds=1)
    assert next(records, None) is None


def test_many_shoppers_and_products_need_no_matrix_of_both() -> None:
    events = visits(Shop(1, 300_000, 20_000), np.random.default_rng(1), 1_000, END - DAY, END)
    assert len(events) == 1_000
    assert events.product.max() < 20_000
