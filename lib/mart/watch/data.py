"""Whether the data look as they use to: acts and prices of a day beside the same weekday's history, by robust statistics.

A shop's week has a shape, so a Sunday is compared with Sundays. Median and MAD instead of mean and deviation: last year's sale in
the history must not widen what counts as usual (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from mart.edges import duck
from mart.settings import Settings
from mart.watch.metric import Sample
from mart.watch.metrics import PRICE_DEVIATION, PRICE_RATIO, VOLUME_DEVIATION, VOLUME_RATIO

WEEKS = 8  # of history
LEAST = 4  # weeks, or nothing is said
NARROW = 0.05  # of the median: a history that never changes is no reason to call the first change an anomaly
NORMAL = 1.4826  # makes the MAD of a normal distribution its standard deviation
KINDS = ("views", "cart_adds", "purchases")


def volumes(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Compare the last whole day's acts of each kind with those of the same weekday."""
    day = now.date() - timedelta(days=1)
    sums = ", ".join(f"SUM({kind})" for kind in KINDS)
    rows = _ask(
        settings, f"SELECT event_day, {sums} FROM serving.funnel WHERE {_weekdays('event_day', day)} GROUP BY 1"
    )
    by_day = {row[0]: row[1:] for row in rows}
    for number, kind in enumerate(KINDS):
        past = [float(values[number]) for on, values in by_day.items() if on < day]
        today = float(by_day[day][number]) if day in by_day else 0.0
        if found := unusual(today, past):
            yield VOLUME_RATIO.at(found[0], kind=kind)
            yield VOLUME_DEVIATION.at(found[1], kind=kind)


def prices(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Compare each shop's median price, of the last day that it was seen, with that of the same weekday."""
    said = f"""SELECT shop, currency, seen_day, MEDIAN(price) FROM processed.offers
        WHERE price IS NOT NULL AND seen_day > DATE '{now.date() - timedelta(weeks=WEEKS + 1)}' GROUP BY 1, 2, 3"""
    found: dict[tuple[str, str], dict[date, float]] = {}
    for shop, currency, day, price in _ask(settings, said):
        found.setdefault((shop, currency), {})[day] = float(price)
    for (shop, currency), by_day in sorted(found.items()):
        last = max(by_day)
        past = [price for day, price in by_day.items() if day < last and (last - day).days % 7 == 0]
        if told := unusual(by_day[last], past):
            yield PRICE_RATIO.at(told[0], shop=shop, currency=currency)
            yield PRICE_DEVIATION.at(told[1], shop=shop, currency=currency)


def unusual(value: float, past: Sequence[float]) -> tuple[float, float] | None:
    """Give a value as a multiple of the past's median, and how many robust deviations it is off; None for too little past."""
    if len(past) < LEAST or (middle := median(past)) <= 0:
        return None
    spread = NORMAL * median(abs(one - middle) for one in past)
    return value / middle, abs(value - middle) / max(spread, NARROW * middle)


def _weekdays(column: str, day: date) -> str:
    """Name the same weekday of WEEKS weeks, and the day itself; whole partitions are left out by it."""
    days = ", ".join(f"DATE '{day - timedelta(weeks=week)}'" for week in range(WEEKS + 1))
    return f"{column} IN ({days})"


def _ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return duck.ask(settings, sql)[1]
