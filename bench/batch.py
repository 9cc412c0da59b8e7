"""Batch: a new day on top of a small and of a large history, and everything from nothing against DuckDB."""

import shutil
import tempfile
from pathlib import Path

import duckdb
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench import measure
from mart import job
from mart.delivery import layers
from mart.edges import delta, lake
from mart.settings import Settings
from mart.tables import EVENTS, FOLDABLE

SMALL, LARGE, DAYS, RUNS = 1_000_000, 10_000_000, 30, 3
DUCK = {
    "interactions": """SELECT user_id, product_id, count_if(event_type = 'view') AS views,
 count_if(event_type = 'cart_add') AS cart_adds, count_if(event_type = 'purchase') AS purchases,
 sum(CASE event_type WHEN 'purchase' THEN coalesce(quantity, 1) WHEN 'refund' THEN -coalesce(quantity, 1) ELSE 0 END) AS quantity,
 min(event_at) AS first_at, max(event_at) AS last_at FROM events WHERE user_id IS NOT NULL
 AND event_type IN ('view', 'cart_add', 'purchase', 'refund') GROUP BY ALL""",
    "popularity": """SELECT product_id, date_trunc('hour', event_at) AS hour, count_if(event_type = 'view') AS views,
 count_if(event_type = 'cart_add') AS cart_adds, count_if(event_type = 'purchase') AS purchases,
 sum(CASE event_type WHEN 'purchase' THEN coalesce(quantity, 1) ELSE 0 END) AS quantity,
 sum(CASE event_type WHEN 'purchase' THEN coalesce(quantity, 1) * price ELSE 0 END) AS revenue,
 approx_count_distinct(coalesce(user_id, session_id)) AS shoppers FROM events
 WHERE event_type IN ('view', 'cart_add', 'purchase') GROUP BY ALL""",
    "sales": """SELECT product_id, event_day, currency, sum(CASE event_type WHEN 'purchase' THEN coalesce(quantity, 1) ELSE 0 END) AS quantity,
 count_if(event_type = 'purchase') AS order_lines, sum(CASE event_type WHEN 'purchase' THEN quantity * price ELSE 0 END) AS revenue,
 sum(CASE event_type WHEN 'refund' THEN quantity * price ELSE 0 END) AS refunds FROM events
 WHERE event_type IN ('purchase', 'refund') GROUP BY ALL""",
    "funnel": """SELECT event_day, category, count_if(event_type = 'view') AS views, count_if(event_type = 'cart_add') AS cart_adds,
 count_if(event_type = 'purchase') AS purchases, approx_count_distinct(coalesce(user_id, session_id)) AS shoppers,
 approx_count_distinct(CASE WHEN event_type = 'purchase' THEN coalesce(user_id, session_id) END) AS buyers FROM events
 WHERE event_type IN ('view', 'cart_add', 'purchase') GROUP BY ALL""",
}


def run() -> dict[str, object]:
    """Measure both on histories of 30 days; the new day has a thirtieth of the smaller one's events."""
    home = Path(tempfile.mkdtemp(prefix="mart-bench-"))
    spark = job.session(Settings.read(home=home), "bench")
    try:
        with measure.peak() as memory:
            day = {size: _new_day(spark, Settings.read(home=home / str(size)), size) for size in (SMALL, LARGE)}
            settings = Settings.read(home=home / str(LARGE))
            full = measure.median(RUNS, lambda _: _refresh(spark, settings, full=True))
        duck = measure.median(RUNS, lambda _: _duck(settings, home))
    finally:
        spark.stop()
        shutil.rmtree(home)
    return {
        "events": {"small": SMALL, "large": LARGE},
        "seconds": {"new day on small": day[SMALL], "new day on large": day[LARGE], "full": full, "DuckDB": duck},
        "ratio large to small": day[LARGE] / day[SMALL],
        "ratio full to DuckDB": full / duck,
        "memory_mb": {"driver": memory.java, "python": memory.python},
    }


def _new_day(spark: SparkSession, settings: Settings, size: int) -> float:
    lake.ensure(spark, settings, EVENTS)
    lake.append(settings, EVENTS, _events(spark, size, 0, DAYS))
    _refresh(spark, settings, full=True)

    def day(number: int) -> float:
        lake.append(settings, EVENTS, _events(spark, SMALL // DAYS, DAYS + number, 1))
        return measure.seconds(lambda: _refresh(spark, settings, full=False))

    return sorted(day(number) for number in range(RUNS))[RUNS // 2]


def _refresh(spark: SparkSession, settings: Settings, full: bool) -> None:
    for table in FOLDABLE:
        layers.refresh(spark, settings, table, full)


def _events(spark: SparkSession, number: int, first_day: int, days: int) -> DataFrame:
    """Seeded events of 100,000 shoppers and 20,000 products whose popularity falls off as Zipf's law has it."""
    skewed = F.floor(F.pow(F.lit(20_000.0), F.rand(2))).cast("string")
    kinds = F.array(*[F.lit(kind) for kind in ["view"] * 16 + ["cart_add"] * 2 + ["purchase", "refund"]])
    at = F.lit(1_767_225_600.0) + (F.lit(first_day) + F.rand(3) * days) * 86_400
    values = {
        "event_id": F.concat(F.lit(f"{first_day}-"), F.col("id").cast("string")),
        "event_at": F.timestamp_seconds(at),
        "event_type": F.element_at(kinds, (F.floor(F.rand(4) * 20) + 1).cast("int")),
        "user_id": F.floor(F.rand(5) * 100_000).cast("string"),
        "product_id": skewed,
        "quantity": (F.floor(F.rand(6) * 3) + 1).cast("int"),
        "price": F.round(F.rand(7) * 100, 2),
        "currency": F.lit("GBP"),
        "source": F.lit("bench"),
        "partition": F.lit("0"),
        "offset": F.lpad(F.col("id").cast("string"), 20, "0"),
        "arrived_at": F.current_timestamp(),
    }
    rows = spark.range(number).withColumns(values).withColumn("event_day", F.to_date("event_at"))
    rows = rows.withColumn("category", F.concat(F.lit("c"), F.col("product_id").cast("int") % 50))
    missing = {
        column.name: F.lit(None).cast(column.type.spark) for column in EVENTS.columns if column.name not in rows.columns
    }
    return rows.withColumns(missing).repartition("event_day")


def _duck(settings: Settings, out: Path) -> None:
    """The same four tables from the same files, written as Parquet, two threads."""
    opened = delta.open_table(settings, EVENTS.path)
    assert opened is not None
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        files = [f"{settings.lake}/{EVENTS.path}/{file}" for file in opened.to_pyarrow_dataset().files]
        connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet({files}, hive_partitioning = true)")
        for name, sql in DUCK.items():
            connection.execute(f"COPY ({sql}) TO '{out}/{name}.parquet'")
