"""How Snowflake keeps up: what it lacks of the serving tables, and what its own account of queries and storage says.

The views of SNOWFLAKE.ACCOUNT_USAGE are up to 45 minutes late (queries) and up to two hours (storage); the user needs the database
role USAGE_VIEWER (GRANT DATABASE ROLE SNOWFLAKE.USAGE_VIEWER TO ROLE …).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mart.edges import delta, snowflake, tallies
from mart.edges.snowflake import Warehouse
from mart.settings import Settings
from mart.tables import SERVED
from mart.watch.metric import Sample
from mart.watch.metrics import WAREHOUSE_BEHIND, WAREHOUSE_BYTES, WAREHOUSE_QUERIES, WAREHOUSE_QUERY_SECONDS

HASTE = {"login_seconds": 10, "statement_seconds": 60}  # the other parts wait meanwhile
QUERIES = """SELECT COUNT_IF(execution_status = 'SUCCESS'), COUNT_IF(execution_status = 'FAIL'),
    APPROX_PERCENTILE(total_elapsed_time, 0.95) FROM snowflake.account_usage.query_history
    WHERE database_name = %s AND start_time >= %s"""
WINDOW = timedelta(minutes=105)  # an hour, and the 45 minutes that the view may be late
STORAGE = """SELECT average_database_bytes + average_failsafe_bytes FROM snowflake.account_usage.database_storage_usage_history
    WHERE database_name = %s ORDER BY usage_date DESC LIMIT 1"""


def warehouse(settings: Settings, now: datetime) -> Iterator[Sample]:
    """Ask Snowflake, where there is one."""
    if not snowflake.configured(settings):
        return
    hasty = settings.snowflake.model_copy(update=HASTE)
    with snowflake.connect(settings.model_copy(update={"snowflake": hasty})) as session:
        yield from _behind(settings, session, now)
        yield from _usage(settings, session, now)


def _behind(settings: Settings, session: Warehouse, now: datetime) -> Iterator[Sample]:
    """Tell how long the oldest change has waited that was not published; a table never published is nobody's yet."""
    schema = settings.snowflake.schema_name
    if not session.columns("_published", schema):
        return
    published = dict(session.rows(f"SELECT table_name, version FROM {schema}._published WHERE version IS NOT NULL"))
    for table in (one for one in SERVED if one.name in published and delta.standing(settings, one)):
        since = tallies.waiting_since(settings, table, int(published[table.name]))
        yield WAREHOUSE_BEHIND.at((now - since).total_seconds() if since else 0, table=table.full_name)


def _usage(settings: Settings, session: Warehouse, now: datetime) -> Iterator[Sample]:
    database, since = settings.snowflake.database.upper(), (now - WINDOW).replace(tzinfo=None)
    ((succeeded, failed, elapsed),) = session.rows(QUERIES, database, since)
    yield WAREHOUSE_QUERIES.at(succeeded or 0, outcome="success")
    yield WAREHOUSE_QUERIES.at(failed or 0, outcome="fail")
    if elapsed is not None:
        yield WAREHOUSE_QUERY_SECONDS.at(float(elapsed) / 1000)  # it is in milliseconds
    for (stored,) in session.rows(STORAGE, database):
        yield WAREHOUSE_BYTES.at(float(stored))
