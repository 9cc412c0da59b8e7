"""The lake of `mart demo`'s own shop as it must come out, made in seconds without Spark: the generators' truth, table by table.

What shoppers of the demo do once lists are served, and the instants of its crawls, are made up here: they differ from run to run.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from mart.edges import arrow
from mart.local.demo.market import RATES as WORTH
from mart.local.demo.market_proof import kinds
from mart.local.demo.material import EVENTS as MANY
from mart.local.demo.material import invented
from mart.local.demoshop.market import Market
from mart.schema import Table
from mart.settings import Settings
from mart.tables import (
    ALERTS,
    CURRENT_OFFERS,
    EVENTS,
    FUNNEL,
    INTERACTIONS,
    LANDING_ACTIVITY,
    MARKET,
    OWN_PRODUCTS,
    POPULARITY,
    PRICE_HISTORY,
    PRODUCTS,
    PRODUCTS_SOLD,
    RECOMMENDATION_FEEDBACK,
    SALES,
)

Row = dict[str, Any]
CRAWLED = (datetime(2026, 1, 1, 9, tzinfo=UTC), datetime(2026, 1, 2, 9, tzinfo=UTC))
DAY = date(2026, 1, 1)


def make(settings: Settings) -> None:
    """Make the lake at the settings' place."""
    invented(settings, MANY, seed=1)
    generated = settings.home / "generated"
    for table in (INTERACTIONS, POPULARITY, SALES, FUNNEL):
        put(settings, table.at("serving"), _folded(table, generated / f"{table.name}.parquet"), ("events", 0))
    products = [_product(json.loads(line)) for line in (generated / "products.jsonl").read_text().splitlines()]
    rows(settings, PRODUCTS, products)
    told = json.loads((generated / "truth.json").read_text())
    put(settings, LANDING_ACTIVITY, _landed(told))
    rows(settings, EVENTS, [event(number) for number in range(told["events"])])
    rows(settings, RECOMMENDATION_FEEDBACK.at("serving"), list(feedback()), ("events", 0))
    _market(settings, {one["product_id"]: one for one in products})


def put(
    settings: Settings, table: Table, given: pa.Table, at: tuple[str, int] | None = None, mode: str = "overwrite"
) -> int:
    """Write rows, with the frontier in the same commit; return the table's new version."""
    place = f"{settings.lake}/{table.path}"
    frontier = CommitProperties(app_transactions=[Transaction(*at)] if at else None)
    write_deltalake(place, given, mode=mode, partition_by=list(table.partition) or None, commit_properties=frontier)  # type: ignore[call-overload]
    return DeltaTable(place).version()


def rows(
    settings: Settings, table: Table, given: list[Row], at: tuple[str, int] | None = None, mode: str = "overwrite"
) -> int:
    """Write rows given as they are; a column that is not named is null."""
    schema = pa.schema([(column.name, arrow.of(column.type)) for column in table.columns])
    return put(
        settings,
        table,
        pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in given], schema),
        at,
        mode,
    )


def _folded(table: Table, file: Path) -> pa.Table:
    """Read what must come out; sketches, which Spark alone makes, are null."""
    found = pq.read_table(file)
    if table is POPULARITY:
        found = found.append_column("event_day", found["hour"].cast(pa.date32()))
    columns = [
        found[one.name].cast(arrow.of(one.type))
        if one.name in found.column_names
        else pa.nulls(len(found), arrow.of(one.type))
        for one in table.columns
    ]
    return pa.table(columns, names=list(table.names))


def _product(line: Row) -> Row:
    return line | {"price": Decimal(str(line["price"])), "updated_at": datetime.fromisoformat(line["updated_at"])}


def _landed(told: Row) -> pa.Table:
    """Lay out the records that landed, with what became of each."""
    counts = {"event": told["events"], "duplicate": told["duplicates"], **told["rejects_by_reason"]}
    outcomes = [outcome for outcome, count in counts.items() for _ in range(count)]
    there = {
        "source": ["inbox:activity"] * len(outcomes),
        "partition": ["demo.jsonl"] * len(outcomes),
        "offset": [f"{number:020}" for number in range(len(outcomes))],
        "arrived_at": [CRAWLED[0]] * len(outcomes),
        "arrived_day": [DAY] * len(outcomes),
        "outcome": outcomes,
        "detail": [None if one in ("event", "duplicate") else f"{one}: something" for one in outcomes],
    }
    columns = [
        pa.array(there[one.name], arrow.of(one.type))
        if one.name in there
        else pa.nulls(len(outcomes), arrow.of(one.type))
        for one in LANDING_ACTIVITY.columns
    ]
    return pa.table(columns, names=list(LANDING_ACTIVITY.names))


def event(number: int) -> Row:
    """Make an event that says little."""
    place = {"source": "inbox:activity", "partition": "demo.jsonl", "offset": f"{number:020}", "arrived_at": CRAWLED[0]}
    said = {"event_id": f"e{number}", "event_at": CRAWLED[0], "event_type": "view", "product_id": "p1", "user_id": "u1"}
    return said | place | {"event_day": DAY}


def feedback() -> Iterator[Row]:
    """Make up what became of lists: the further down a place is, the less often it is clicked."""
    for version, variant, shown, tenths in (("1", "-", 900, 3), ("1", "rank:a", 600, 2), ("2", "rank:b", 600, 4)):
        for position in range(1, 9):
            clicks = shown * tenths // (10 * position)
            made = {"model_version": version, "variant": variant, "event_day": DAY, "position": position}
            counts = {"impressions": shown, "clicks": clicks, "cart_adds": clicks // 2, "purchases": clicks // 4}
            yield made | counts | {"revenue": Decimal(clicks // 4 * 20)}


def _market(settings: Settings, ours: dict[str, Row]) -> None:
    """Write the market's tables from what the demo shops know of themselves, matched without an error."""
    days = [{(one["shop"], one["sku"]): one for one in Market().truth(day)} for day in (0, 1)]
    offers = [_offer(one, days[0].get(place)) for place, one in days[1].items()]
    rows(settings, CURRENT_OFFERS, offers)
    rows(settings, PRICE_HISTORY, list(_changes(days)))
    by_product = {key: list(some) for key, some in groupby(sorted(offers, key=_key), _key)}
    rows(settings, PRODUCTS_SOLD, [_sold(key, some) for key, some in by_product.items()])
    rows(settings, MARKET, [_compared(key, some, ours) for key, some in by_product.items()])
    own = [{"product_id": key, "product_key": key, "rule": "gtin", "score": 1.0} for key in by_product if key in ours]
    rows(settings, OWN_PRODUCTS, own)
    rows(settings, ALERTS, list(_alerts(settings, days)))


def _key(offer: Row) -> str:
    return str(offer["product_key"])


def _euros(one: Row) -> Decimal:
    return (Decimal(one["price"]) * Decimal(str(WORTH.get(one["currency"], 1)))).quantize(Decimal("0.0001"))


def _offer(now: Row, before: Row | None) -> Row:
    return {
        **{name: now[name] for name in ("shop", "title", "currency", "in_stock", "rating", "rating_count", "category")},
        "offer_id": now["sku"],
        "product_key": now["product"],
        "price": Decimal(now["price"]),
        "price_reference": _euros(now),
        "list_price": now["list_price"] and Decimal(now["list_price"]),
        "seen_at": CRAWLED[1],
        "first_seen_at": CRAWLED[0] if before else CRAWLED[1],
        "url": f"https://{now['shop']}{now['path']}",
    }


def _changes(days: list[dict[tuple[str, str], Row]]) -> Iterator[Row]:
    for at, day, before in zip(CRAWLED, days, ({}, days[0]), strict=True):
        for (shop, sku), one in day.items():
            told = before.get((shop, sku))
            if told is None or (told["price"], told["in_stock"]) != (one["price"], one["in_stock"]):
                said = {"price": Decimal(one["price"]), "currency": one["currency"], "in_stock": one["in_stock"]}
                yield {"shop": shop, "offer_id": sku, "changed_at": at, "price_reference": _euros(one), **said}


def _sold(key: str, offers: list[Row]) -> Row:
    seen = {"first_seen_at": min(one["first_seen_at"] for one in offers), "last_seen_at": CRAWLED[1]}
    founded = {name: offers[0][name] for name in ("title", "category")}
    return {"product_key": key, **founded, "shops": len({one["shop"] for one in offers}), **seen}


def _compared(key: str, offers: Iterable[Row], ours: dict[str, Row]) -> Row:
    """Compare the offers that can be bought, as serving.market does."""
    there = sorted(
        (one for one in offers if one["in_stock"] is not False), key=lambda one: (one["price_reference"], one["shop"])
    )
    prices = [one["price_reference"] for one in there]
    own = ours.get(key)
    found = {"product_key": key, "title": next(iter(offers))["title"], "offers": len(there)}
    found |= {"our_price": own and own["price"], "our_product_id": own and own["product_id"]}
    if there:
        middle = Decimal(median(prices)).quantize(Decimal("0.0001"))
        found |= {"cheapest_shop": there[0]["shop"], "cheapest_price": prices[0], "median_price": middle}
        found |= {"spread": float(prices[-1] / prices[0]) - 1}
    return found


def _alerts(settings: Settings, days: list[dict[tuple[str, str], Row]]) -> Iterator[Row]:
    for place, now in days[1].items():
        before = days[0].get(place)
        change = float(Decimal(now["price"]) / Decimal(before["price"])) - 1 if before else None
        prices = {
            "before": before and Decimal(before["price"]),
            "after": Decimal(now["price"]),
            "currency": now["currency"],
        }
        about = {"shop": now["shop"], "offer_id": now["sku"], "product_key": now["product"], "title": now["title"]}
        for kind in kinds(before, now, settings):
            told = {"alert_id": f"{kind} {place}", "kind": kind, "change": change, "raised_at": CRAWLED[1]}
            yield told | about | prices
