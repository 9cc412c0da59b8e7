"""Snowflake's staging against landing: the offsets that the Lambda has loaded are the ones that ingest has landed.

Both read the same topic, each on its own way, so they are compared up to where both have come. Read without Spark: Snowflake
joins ranges that touch, and of landing only coordinates and outcomes are looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import duckdb

from mart.edges import delta, snowflake
from mart.edges.snowflake import Warehouse
from mart.settings import Settings
from mart.tables.offers import LANDING_OFFERS
from mart.tables.staged import STAGING_LOADS, STAGING_REJECTS
from mart.verify.finding import Finding

Connect = Callable[[Settings], AbstractContextManager[Warehouse]]
SHOWN = 3  # offsets that a finding shows

_RANGES = f"""
SELECT partition, MIN(first_offset), MAX(last_offset), SUM(staged + rejected) FROM (
  SELECT partition, first_offset, last_offset, staged, rejected,
    SUM(begins) OVER (PARTITION BY partition ORDER BY first_offset ROWS UNBOUNDED PRECEDING) AS run FROM (
    SELECT partition, first_offset, last_offset, staged, rejected, CASE WHEN first_offset <= 1 + LAG(last_offset)
      OVER (PARTITION BY partition ORDER BY first_offset) THEN 0 ELSE 1 END AS begins
    FROM {STAGING_LOADS.full_name} WHERE topic = %s))
GROUP BY partition, run ORDER BY 1, 2
"""
_REJECTS = f"SELECT partition, offset FROM {STAGING_REJECTS.full_name} WHERE topic = %s"

_LANDED = """
CREATE TABLE landed AS SELECT partition::INT AS partition, "offset"::BIGINT AS number, outcome NOT IN ('event', 'duplicate') AS rejected
FROM landing WHERE source = ?
"""
_COMMON = """
CREATE TABLE common AS SELECT partition, least(landed.last, loaded.last) AS last
FROM (SELECT partition, max(number) AS last FROM landed GROUP BY partition) landed
JOIN (SELECT partition, max(last) AS last FROM ranges GROUP BY partition) loaded USING (partition)
"""
_BOTH = """
CREATE TABLE both_sides AS SELECT l.partition, l.number, l.rejected, r.first IS NOT NULL AS loaded
FROM landed l JOIN common c ON c.partition = l.partition AND l.number <= c.last
LEFT JOIN ranges r ON r.partition = l.partition AND l.number BETWEEN r.first AND r.last
"""
_NEVER_LOADED = "SELECT partition, number FROM both_sides WHERE NOT loaded"
_JUDGED_OTHERWISE = """
SELECT b.partition, b.number FROM both_sides b LEFT JOIN rejects r USING (partition, number)
WHERE b.loaded AND b.rejected <> (r.number IS NOT NULL)
"""
_NEVER_LANDED = """
SELECT r.partition, sum(least(r.last, c.last) - r.first + 1) - (SELECT count(*) FROM both_sides b WHERE b.loaded AND b.partition = r.partition)
FROM ranges r JOIN common c ON c.partition = r.partition AND r.first <= c.last GROUP BY r.partition
"""


class Range(NamedTuple):
    """Loads whose offsets touch."""

    partition: int
    first: int
    last: int
    records: int


def verify(settings: Settings, connect: Connect = snowflake.connect) -> list[Finding]:
    """Compare the topic product-details on both sides. Raises SnowflakeFault where Snowflake can't be asked."""
    if not snowflake.configured(settings):
        return [_finding("snowflake", "none in the settings: nothing to compare")]
    topic = settings.kafka.product_details
    with connect(settings) as warehouse:
        if not _exists(warehouse):
            return [_finding("snowflake", "nothing staged yet")]
        ranges = [Range(*map(int, row)) for row in warehouse.rows(_RANGES, topic)]
        rejects = warehouse.rows(_REJECTS, topic)
    off = [*_miscounted(ranges), *_compared(settings, topic, ranges, rejects)]
    loaded = f"{sum(one.records for one in ranges):,} records loaded, {len(rejects):,} of them rejected"
    return [*(_finding(f"{topic}, {where}", detail, off=True) for where, detail in off), _finding(topic, loaded)]


def _exists(warehouse: Warehouse) -> bool:
    query = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
    return warehouse.rows(query, STAGING_LOADS.layer.upper(), STAGING_LOADS.name.upper()) == [(1,)]


def _miscounted(ranges: list[Range]) -> Iterator[tuple[str, str]]:
    """Find loads with other offsets than records, and gaps between them."""
    previous: Range | None = None
    for one in ranges:
        span = one.last - one.first + 1
        if one.records != span:
            yield f"partition {one.partition}", f"{one.records} records are loaded as offsets {one.first} to {one.last}"
        if previous and previous.partition == one.partition:
            yield f"partition {one.partition}", f"offsets {previous.last + 1} to {one.first - 1} were never loaded"
        previous = one


def _compared(
    settings: Settings, topic: str, ranges: list[Range], rejects: list[tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    rows = delta.scan(settings, LANDING_OFFERS.path)
    if rows is None or not ranges:
        return
    with duckdb.connect() as duck:
        duck.register("landing", rows)
        duck.execute(_LANDED, [f"kafka:{topic}"])
        _fill(duck, "ranges", ("partition", "first", "last", "records"), ranges)
        _fill(duck, "rejects", ("partition", "number"), rejects)
        duck.execute(_COMMON + ";" + _BOTH)
        yield from _listed(duck, _NEVER_LOADED, "landed, but were never loaded")
        yield from _listed(duck, _JUDGED_OTHERWISE, "were rejected on one side only")
        for partition, missing in duck.execute(_NEVER_LANDED).fetchall():
            if missing:
                yield f"partition {partition}", f"{missing} offsets are loaded, but never landed"


def _fill(
    duck: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...], rows: Sequence[tuple[int, ...]]
) -> None:
    duck.execute(f"CREATE TABLE {name} ({', '.join(f'{column} BIGINT' for column in columns)})")
    if rows:
        duck.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", [list(row) for row in rows])


def _listed(duck: duckdb.DuckDBPyConnection, query: str, what: str) -> Iterator[tuple[str, str]]:
    counted = f"SELECT partition, count(*), min(number, {SHOWN}) FROM ({query}) GROUP BY partition ORDER BY partition"
    for partition, count, first in duck.execute(counted).fetchall():
        yield f"partition {partition}", f"{count} offsets {what}: {', '.join(map(str, first))}{' …' * (count > SHOWN)}"


def _finding(subject: str, detail: str, off: bool = False) -> Finding:
    return Finding("staging", subject, detail, off)
