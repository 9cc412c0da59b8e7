"""Who may load a topic-partition: a row of STAGING._TURNS counts its loads, and each load moves it on.

In: topic-partitions. Out: the turn that each is at; and, inside of the load's transaction, the next one taken or `Overtaken`.
Snowflake enforces no keys, so two at once may both add the first row of a topic-partition. That is why the rows are counted: all
that were found must be moved on, and no other may have come.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mart.edges.snowflake import Away, Warehouse
from mart.staging.events import Place
from mart.tables.warehouse import STAGING_TURNS

TABLE = STAGING_TURNS.name


class Overtaken(Away):
    """Another invocation loads the same topic-partition: look again what is left to do."""


class Turn(NamedTuple):
    """Loads so far, and the rows that say so."""

    turn: int
    rows: int


def read(warehouse: Warehouse, places: Iterable[Place]) -> dict[Place, Turn]:
    """Tell each topic-partition's turn; one without a row is given its first. Not within a transaction."""
    places = list(places)
    found = _found(warehouse, places)
    missing = [place for place in places if place not in found]
    for place in missing:
        warehouse.change(
            f"INSERT INTO {TABLE} (topic, partition, turn) SELECT %s, %s, 0 "
            f"WHERE NOT EXISTS (SELECT 1 FROM {TABLE} WHERE topic = %s AND partition = %s)",
            *place,
            *place,
        )
    return _found(warehouse, places) if missing else found


def take(warehouse: Warehouse, found: Mapping[Place, Turn]) -> None:
    """Take the next turn of each, first of all in a transaction: the rows' locks keep others out until it ends.

    Raises Overtaken.
    """
    mine = " OR ".join(["(topic = %s AND partition = %s AND turn <= %s)"] * len(found))
    values = [value for place, at in found.items() for value in (*place, at.turn)]
    moved = warehouse.change(f"UPDATE {TABLE} SET turn = turn + 1 WHERE {mine}", *values)
    expected = {place: Turn(at.turn + 1, at.rows) for place, at in found.items()}
    if moved != sum(at.rows for at in found.values()) or _found(warehouse, found) != expected:
        raise Overtaken(f"another invocation loads {', '.join(map(str, found))} at this moment")


def _found(warehouse: Warehouse, places: Iterable[Place]) -> dict[Place, Turn]:
    places = list(places)
    theirs = " OR ".join(["(topic = %s AND partition = %s)"] * len(places))
    query = f"SELECT topic, partition, MAX(turn), COUNT(*) FROM {TABLE} WHERE {theirs} GROUP BY topic, partition"
    found = warehouse.rows(query, *(value for place in places for value in place))
    return {Place(topic, partition): Turn(turn, rows) for topic, partition, turn, rows in found}
