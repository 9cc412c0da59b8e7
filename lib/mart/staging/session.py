"""A session with Snowflake that is kept between invocations, in the schema of staging, its tables made as declared.

In: settings. Out: a `Warehouse`, the same one until it fails; then the next one is new. All DDL happens here, when a session
begins, for Snowflake commits on it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from mart.edges import snowflake
from mart.edges.snowflake import Away, Refused, Warehouse
from mart.schema import Table
from mart.schema import snowflake as sql
from mart.settings import Settings
from mart.tables.staged import PRODUCT_DETAILS, STAGING_LOADS, STAGING_REJECTS
from mart.tables.warehouse import STAGING_TURNS

Connect = Callable[[Settings], AbstractContextManager[Warehouse]]

TABLES = (PRODUCT_DETAILS, STAGING_REJECTS, STAGING_LOADS, STAGING_TURNS)
STAGE = "incoming"


class Session:
    """At most one session at a time."""

    def __init__(self, settings: Settings, connect: Connect = snowflake.connect) -> None:
        self._settings = settings
        self._connect = connect
        self._open = ExitStack()
        self._warehouse: Warehouse | None = None

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """Lend the session. Raises Refused and Away; whatever is raised inside ends it, and its transaction with it.

        What a kept session refuses may only mean that it is stale, so it counts as Away: a new one has the last word.
        """
        kept = self._warehouse
        try:
            yield kept or self._begin()
        except Refused as fault:
            self.close()
            if kept:
                raise Away(str(fault)) from fault
            raise
        except BaseException:
            self.close()
            raise

    def answers(self) -> bool:
        """Tell whether Snowflake lets us in. Raises Refused."""
        try:
            with self.warehouse():
                return True
        except Away:
            return False

    def close(self) -> None:
        """End the session, if there is one."""
        self._warehouse = None
        self._open.close()

    def _begin(self) -> Warehouse:
        warehouse = self._open.enter_context(self._connect(self._settings))
        warehouse.use_schema(PRODUCT_DETAILS.layer)
        for table in TABLES:
            _shape(warehouse, table)
        warehouse.rows(f"CREATE TEMPORARY STAGE IF NOT EXISTS {STAGE}")
        self._warehouse = warehouse
        return warehouse


def _shape(warehouse: Warehouse, table: Table) -> None:
    """Create a table, or add its new columns. Raises Refused where it differs in more than that."""
    found = warehouse.columns(table.name)
    if found and (faults := sql.differences(table, found)):
        raise Refused(
            f"Snowflake has another table {table.full_name} than declared: {'; '.join(faults)}. "
            "Only new nullable columns can be added: rename or drop it there, once refine has emptied it"
        )
    statements = sql.alter(table, sql.missing(table, found)) if found else [sql.ddl(table)]
    for statement in statements:
        warehouse.rows(statement)
