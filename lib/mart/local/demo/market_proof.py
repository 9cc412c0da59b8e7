"""What the demo can prove about the market: the tables equal the truth that the demo shops know about themselves."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import combinations
from typing import Any

from mart.edges import duck
from mart.local.demo.market import Truth
from mart.settings import Settings
from mart.verify import Finding

OFFERS = "SELECT shop, offer_id, price, currency, in_stock, product_key FROM serving.current_offers"
TOLD = "SELECT kind, shop, offer_id FROM serving.alerts WHERE kind NOT IN ('below_our_price', 'anomaly')"
REVIEWS = "SELECT shop, offer_id, count(*) FROM processed.reviews GROUP BY ALL"
PRECISION, RECALL = 0.97, 0.8  # the goals of docs/matching.md; the demo shops write titles more alike than real ones do

Place = tuple[str, str]


def prove(settings: Settings, yesterday: Truth, today: Truth) -> list[Finding]:
    """Compare offers, reviews, alerts and matches with the truth."""
    offers = {(row[0], row[1]): row[2:] for row in _ask(settings, OFFERS)}
    return [
        _offers(offers, today),
        _reviews(settings, today),
        _alerts(settings, yesterday, today),
        _matches(offers, today),
    ]


def _ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return duck.ask(settings, sql)[1]


def _place(one: dict[str, Any]) -> Place:
    return one["shop"], one["sku"]


def _offers(offers: dict[Place, tuple[Any, ...]], today: Truth) -> Finding:
    true = {_place(one): (Decimal(one["price"]), one["currency"], one["in_stock"]) for one in today}
    found = {place: (row[0], row[1], row[2]) for place, row in offers.items()}
    return _compared("serving.current_offers", set(true.items()), set(found.items()))


def _reviews(settings: Settings, today: Truth) -> Finding:
    true = {(*_place(one), one["reviews"]) for one in today if one["reviews"]}
    return _compared("processed.reviews", true, set(_ask(settings, REVIEWS)))


def _alerts(settings: Settings, yesterday: Truth, today: Truth) -> Finding:
    before = {_place(one): one for one in yesterday}
    true = {(kind, *_place(one)) for one in today for kind in kinds(before.get(_place(one)), one, settings)}
    return _compared("serving.alerts", true, set(_ask(settings, TOLD)))


def kinds(before: dict[str, Any] | None, now: dict[str, Any], settings: Settings) -> Iterable[str]:
    """Name what must be told of an offer of the second day, by its truth on both."""
    if before is None:
        return ["new_offer"]
    change = Decimal(now["price"]) / Decimal(before["price"]) - 1
    said = {
        "price_drop": change <= -Decimal(str(settings.offers.drop)),
        "price_rise": change >= Decimal(str(settings.offers.rise)),
        "out_of_stock": before["in_stock"] and not now["in_stock"],
        "back_in_stock": now["in_stock"] and not before["in_stock"],
    }
    return [kind for kind, is_so in said.items() if is_so]


def _compared(subject: str, true: set[Any], found: set[Any]) -> Finding:
    missing, wrong = true - found, found - true
    off = bool(missing or wrong)
    examples = ", ".join(map(str, [*sorted(missing, key=str)[:2], *sorted(wrong, key=str)[:2]]))
    said = (
        f"{len(missing)} are missing, {len(wrong)} are wrong, e.g. {examples}"
        if off
        else f"{len(true):,} equal the shops' truth"
    )
    return Finding("truth", subject, said, off)


def _matches(offers: dict[Place, tuple[Any, ...]], today: Truth) -> Finding:
    """Pairs of offers of different shops: which of them are one product in truth, and which by product_key."""
    true = _pairs((one["product"], _place(one)) for one in today)
    found = _pairs((row[3], place) for place, row in offers.items())
    precision, recall = len(true & found) / max(1, len(found)), len(true & found) / max(1, len(true))
    said = f"{len(found):,} pairs of offers matched across shops: precision {precision:.3f}, recall {recall:.3f}"
    return Finding("truth", "serving.products_sold", said, off=precision < PRECISION or recall < RECALL)


def _pairs(named: Iterable[tuple[str, Place]]) -> set[tuple[Place, Place]]:
    groups: dict[str, list[Place]] = defaultdict(list)
    for name, place in named:
        groups[name].append(place)
    return {(a, b) for group in groups.values() for a, b in combinations(sorted(group), 2) if a[0] != b[0]}
