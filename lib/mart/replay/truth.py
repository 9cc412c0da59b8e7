"""What must come out of the generated records, computed by DuckDB from the events themselves, not from their JSON.

Out, in a folder: truth.json (counts by outcome, reason and kind), rejects.jsonl (each broken record: its place in the
stream from 1, kind, reason), and interactions, popularity, sales and funnel as parquet. Shoppers and buyers are exact
there; the lake's are estimates. The whole is independent of Spark.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from mart.replay.broken import kind
from mart.replay.shop import CATEGORIES, CURRENCY, Shop
from mart.replay.stream import BROKEN, DUPLICATE, Arrivals
from mart.replay.visits import TYPES, Events

_EVENTS = """
SELECT
    type AS event_type, make_timestamp("at" * 1000) AS event_at, 'p' || product AS product_id,
    CASE WHEN shopper >= 0 THEN 'u' || shopper END AS user_id,
    coalesce(user_id, 's' || visit) AS who,
    CASE WHEN quantity >= 0 THEN quantity ELSE 1 END AS pieces,
    CASE WHEN cents >= 0 THEN CAST(cents AS DECIMAL(18, 0)) * 0.01 * pieces ELSE 0 END AS value,
    category
FROM columns
"""

_COUNTS = ", ".join(f"count(*) FILTER (event_type = '{one}') AS {one}s" for one in ("view", "cart_add", "purchase"))

TABLES = {
    "interactions": f"""
        SELECT user_id, product_id, {_COUNTS},
               sum(CASE event_type WHEN 'purchase' THEN pieces WHEN 'refund' THEN -pieces ELSE 0 END)::BIGINT AS quantity,
               min(event_at) AS first_at, max(event_at) AS last_at
        FROM events WHERE user_id IS NOT NULL AND event_type IN ('view', 'cart_add', 'purchase', 'refund')
        GROUP BY ALL""",
    "popularity": f"""
        SELECT product_id, date_trunc('hour', event_at) AS hour, {_COUNTS},
               coalesce(sum(pieces) FILTER (event_type = 'purchase'), 0)::BIGINT AS quantity,
               coalesce(sum(value) FILTER (event_type = 'purchase'), 0)::DECIMAL(38, 4) AS revenue,
               count(DISTINCT who) AS shoppers
        FROM events WHERE event_type IN ('view', 'cart_add', 'purchase') GROUP BY ALL""",
    "sales": f"""
        SELECT product_id, event_at::DATE AS event_day, '{CURRENCY}' AS currency,
               coalesce(sum(pieces) FILTER (event_type = 'purchase'), 0)::BIGINT AS quantity,
               count(*) FILTER (event_type = 'purchase') AS order_lines,
               coalesce(sum(value) FILTER (event_type = 'purchase'), 0)::DECIMAL(38, 4) AS revenue,
               coalesce(sum(value) FILTER (event_type = 'refund'), 0)::DECIMAL(38, 4) AS refunds
        FROM events WHERE event_type IN ('purchase', 'refund') GROUP BY ALL""",
    "funnel": f"""
        SELECT event_at::DATE AS event_day, category, {_COUNTS}, count(DISTINCT who) AS shoppers,
               count(DISTINCT who) FILTER (event_type = 'purchase') AS buyers
        FROM events WHERE event_type IN ('view', 'cart_add', 'purchase') GROUP BY ALL""",
}


def counts(shop: Shop, events: Events, arrived: Arrivals) -> dict[str, Any]:
    """Count the records by what must become of them."""
    kinds = [kind(number) for number in range(arrived.count(BROKEN))]
    types = dict(zip(TYPES, np.bincount(events.type, minlength=len(TYPES)).tolist(), strict=True))
    return {
        "records": len(arrived.row),
        "events": len(events),
        "duplicates": arrived.count(DUPLICATE),
        "rejects": len(kinds),
        "late": arrived.late,
        "rejects_by_reason": dict(Counter(one.reason for one in kinds)),
        "rejects_by_kind": dict(Counter(one.name for one in kinds)),
        "events_by_type": types,
        "products": shop.products,
        "shoppers": len(np.unique(events.shopper[events.shopper >= 0])),
    }


def write(
    folder: Path, shop: Shop, events: Events, arrived: Arrivals, run: str, asked: dict[str, Any]
) -> dict[str, Any]:
    """Write the truth about generated records beside them; return what truth.json says."""
    told = counts(shop, events, arrived)
    (folder / "truth.json").write_text(json.dumps(told | {"run": run, "asked": asked}, indent=2) + "\n")
    places = (np.flatnonzero(arrived.what == BROKEN) + 1).tolist()
    with (folder / "rejects.jsonl").open("w") as file:
        for number, place in enumerate(places):
            one = kind(number)
            file.write(json.dumps({"record": place, "kind": one.name, "reason": one.reason}) + "\n")
    _write_tables(folder, shop, events)
    return told


def _write_tables(folder: Path, shop: Shop, events: Events) -> None:
    columns = pd.DataFrame(vars(events))
    columns["type"] = np.array(TYPES, dtype=object)[events.type]
    columns["category"] = np.array(CATEGORIES, dtype=object)[shop.category[events.product]]
    fold(folder, columns, TABLES, _EVENTS)


def fold(folder: Path, columns: pd.DataFrame, tables: Mapping[str, str], events: str = "SELECT * FROM columns") -> None:
    """Write a parquet file for each of `tables`, queries over `events`, which is one over the frame's columns."""
    with duckdb.connect() as database:
        database.register("columns", columns)
        database.execute(f"CREATE TABLE events AS {events}")
        for name, query in tables.items():
            file = str(folder / f"{name}.parquet").replace("'", "''")
            database.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
