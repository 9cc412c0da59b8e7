"""One look at a micro-batch: which offsets it holds, and which days and times its events name."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mart.delivery.positions import Range

MOST_SPANS = 32  # a deep OR costs the planner more than a few files too many


@dataclass(frozen=True)
class Survey:
    """Offsets by source partition, and the span of their instant on each day of the good records."""

    ranges: list[Range]
    days: dict[date, tuple[datetime, datetime]]

    def spans(self) -> list[tuple[datetime, datetime]]:
        """The times of the events that could repeat one of these: the span of each day, or of a few days each.

        One late record must not widen the span to days (lambda-findings B4). Spans are of whole minutes: an instant in the
        plan becomes part of its compiled code, and so that serves several micro-batches.
        """
        days = sorted(self.days)
        step = max(1, -(-len(days) // MOST_SPANS))
        groups = [[self.days[day] for day in days[i : i + step]] for i in range(0, len(days), step)]
        return [(_minute(min(g)[0]), _minute(max(last for _, last in g), 1)) for g in groups]


def look(parsed: DataFrame, instant: str) -> Survey:
    """Survey parsed records in one pass, by their `instant`; the driver gets a row per source partition and day."""
    # Of good records only: a reject may name a year that Python has no date for.
    at, offset = F.when(F.col("reason").isNull(), F.col(instant)), F.col("offset")
    day = F.to_date(at).alias("day")
    measured = [F.min(offset).alias("first"), F.max(offset).alias("last"), F.count(F.lit(1)).alias("records")]
    spans = [F.min(at).alias("earliest"), F.max(at).alias("latest")]
    rows = parsed.groupBy("source", "partition", day).agg(*measured, *spans).collect()
    ranges: dict[tuple[str, str], Range] = {}
    days: dict[date, tuple[datetime, datetime]] = {}
    for row in rows:
        place = (row["source"], row["partition"])
        ranges[place] = _joined(ranges.get(place), Range(place, int(row["first"]), int(row["last"]), row["records"]))
        if row["day"] is not None:
            earliest, latest = days.get(row["day"], (row["earliest"], row["latest"]))
            days[row["day"]] = (min(earliest, row["earliest"]), max(latest, row["latest"]))
    return Survey(list(ranges.values()), days)


def _joined(one: Range | None, other: Range) -> Range:
    if one is None:
        return other
    first, last = min(one.first, other.first), max(one.last, other.last)
    return Range(one.partition, first, last, one.records + other.records)


def _minute(at: datetime, later: int = 0) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=later)
