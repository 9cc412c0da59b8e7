"""Load records into Snowflake's staging: each topic-partition's offsets once, however often and by whomever they are brought.

In: an event's records by topic-partition. Out: rows, rejects and the ranges of their offsets in one transaction; and the
topic-partitions that could not be loaded, which must come again.

Two guards stand in that transaction. Offsets within a range that STAGING.LOADS names have been loaded and are left out. And
whoever loads takes the next turn of the topic-partition (mart/staging/turns): of two at once one finds it taken, and looks again.
"""

import logging
import uuid
from collections import defaultdict

from mart.edges import parquet, snowflake
from mart.edges.snowflake import Refused, SnowflakeFault, Warehouse
from mart.schema import Table
from mart.schema.rows import Row
from mart.settings import Settings
from mart.staging import batch, turns
from mart.staging.events import Place, Records
from mart.staging.session import STAGE, Session
from mart.tables.staged import PRODUCT_DETAILS, STAGING_LOADS, STAGING_REJECTS

log = logging.getLogger(__name__)

_FORM = "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE PURGE = TRUE"


def load(session: Session, settings: Settings, records: Records) -> list[tuple[Place, int]]:
    """Load everything, together or, where that can't be done, each topic-partition on its own.

    Returns the topic-partitions that are not loaded, each with its first offset. Raises Refused where Snowflake says no to
    all of them: that is a matter of settings, rights or tables, not of time.
    """
    if not records:
        return []
    try:
        snowflake.insist(settings, lambda: _load(session, settings, records))
    except SnowflakeFault as fault:
        log.warning("%s", fault)
        faults = (
            _load_apart(session, settings, records) if _separable(session, records) else dict.fromkeys(records, fault)
        )
        if all(isinstance(one, Refused) for one in faults.values()) and len(faults) == len(records):
            raise
        return [(place, records[place][0].offset) for place in faults]
    return []


def _separable(session: Session, records: Records) -> bool:
    """Tell whether the topic-partitions may fare differently: not if Snowflake does not answer at all."""
    return len(records) > 1 and session.answers()


def _load_apart(session: Session, settings: Settings, records: Records) -> dict[Place, SnowflakeFault]:
    """Load each topic-partition that can be loaded; give the faults of the others."""
    faults = {}
    for place, given in records.items():
        try:
            snowflake.insist(settings, lambda part={place: given}: _load(session, settings, part))  # type: ignore[misc]
        except SnowflakeFault as fault:
            log.warning("%s is not loaded from offset %d on: %s", place, given[0].offset, fault)
            faults[place] = fault
    return faults


def _load(session: Session, settings: Settings, records: Records) -> None:
    """Load what has not been loaded yet, all in one transaction. Raises Refused and Away; doing it again does no harm."""
    with session.warehouse() as warehouse:
        found = turns.read(warehouse, records)  # before the ranges: who loads in between is found out by the turn
        fresh = _fresh(warehouse, records)
        if not fresh:
            return
        rows = batch.read(fresh, settings.ingest)
        files = [
            (table, len(part), _put(warehouse, table, part))
            for table, part in ((PRODUCT_DETAILS, rows.details), (STAGING_REJECTS, rows.rejects))
            if part
        ]
        with warehouse.transaction():
            turns.take(warehouse, {place: found[place] for place in fresh})
            for table, sent, name in files:
                _copy(warehouse, table, sent, name)
            _record(warehouse, rows.loads)
    log.info("staged %d records, rejected %d", len(rows.details), len(rows.rejects))


def _fresh(warehouse: Warehouse, records: Records) -> Records:
    """Leave out what has been loaded."""
    near = " OR ".join(["(topic = %s AND partition = %s AND last_offset >= %s AND first_offset <= %s)"] * len(records))
    values = [value for place, given in records.items() for value in (*place, given[0].offset, given[-1].offset)]
    query = f"SELECT topic, partition, first_offset, last_offset FROM {STAGING_LOADS.name} WHERE {near}"
    ranges = defaultdict(list)
    for topic, partition, first, last in warehouse.rows(query, *values):
        ranges[Place(topic, partition)].append(range(first, last + 1))
    fresh = {
        place: [record for record in given if not any(record.offset in loaded for loaded in ranges[place])]
        for place, given in records.items()
    }
    return {place: left for place, left in fresh.items() if left}


def _put(warehouse: Warehouse, table: Table, rows: list[Row]) -> str:
    """Upload rows to the session's stage; give the file's name, which no other load has."""
    name = f"{table.name}-{uuid.uuid4().hex}.parquet"
    warehouse.put(name, parquet.file(table, rows), f"@{STAGE}")
    return name


def _copy(warehouse: Warehouse, table: Table, sent: int, name: str) -> None:
    """Load a file into its table. Raises Refused where a row is missing."""
    answers = warehouse.rows(f"COPY INTO {table.name} FROM @{STAGE}/{name} {_FORM}")
    loaded = sum(int(answer[3]) for answer in answers if len(answer) > 3)  # an answer without rows is one sentence
    if loaded != sent:
        raise Refused(f"Snowflake: {table.full_name}: {sent} rows were put, {loaded} were loaded")


def _record(warehouse: Warehouse, loads: list[Row]) -> None:
    names = STAGING_LOADS.names
    marks = ", ".join([f"({', '.join(['%s'] * len(names))})"] * len(loads))
    values = [row[name] if name != "loaded_at" else row[name].replace(tzinfo=None) for row in loads for name in names]
    warehouse.change(f"INSERT INTO {STAGING_LOADS.name} ({', '.join(names)}) VALUES {marks}", *values)
