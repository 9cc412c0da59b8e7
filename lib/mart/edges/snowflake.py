"""Snowflake: sign in with a key, run statements, put files, and wait for it when it is away.

In: statements as text. Out: their rows, or a `SnowflakeFault` that says what to do. An observer is told each statement before
it is sent, so that a test can read their order.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

import pyarrow as pa
import snowflake.connector as client
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from snowflake.connector import errors

from mart.schema.snowflake import Found
from mart.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")
Observer = Callable[[str], None]

# What the server itself says no to: asking again would get the same answer.
REFUSALS = (errors.DatabaseError, errors.ForbiddenError, errors.BadRequest, errors.MethodNotAllowed)
LOCKED = 625  # another transaction holds the lock; Snowflake ends one whose client is gone after five minutes


class SnowflakeFault(RuntimeError):
    """Snowflake did not do what was asked; the message says what to do."""


class Refused(SnowflakeFault):
    """It never will, as things are: settings, rights or a statement are wrong."""


class Away(SnowflakeFault):
    """It may a little later: the fault passes."""


class Warehouse:
    """A session."""

    def __init__(self, connection: client.SnowflakeConnection, observe: Observer) -> None:
        self._connection = connection
        self._observe = observe

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement, `%s` standing for values, and give its rows. Raises Refused and Away."""
        with self._executed(statement, values) as cursor:
            return list(cursor.fetchall())

    def change(self, statement: str, *values: object) -> int:
        """Run a statement and give the number of rows that it changed. Raises Refused and Away."""
        with self._executed(statement, values) as cursor:
            return cursor.rowcount or 0

    def tables(self, query: str) -> Iterator[pa.Table]:
        """Run a query and give its rows as Arrow tables, a part at a time. Raises Refused and Away."""
        with self._executed(query, ()) as cursor, _faults(query):
            yield from cursor.fetch_arrow_batches()

    def put(self, name: str, content: BinaryIO, stage: str) -> None:
        """Upload a file to a stage as it is, over one of the same name. Raises Refused and Away."""
        statement = f"PUT file://{name} {stage} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
        with self._executed(statement, (), content):
            pass

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, all of it or nothing. No DDL inside: Snowflake commits on it."""
        self.rows("BEGIN")
        try:
            yield
        except Away:  # it rolls back by itself when the session ends
            raise
        except BaseException:
            self.rows("ROLLBACK")
            raise
        self.rows("COMMIT")

    def use_schema(self, name: str) -> None:
        """Create a schema of the session's database where it does not exist, and go there."""
        found = self.rows("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s", name.upper())
        if found == [(0,)]:  # asked first: IF NOT EXISTS wants the right to create all the same
            self.rows(f"CREATE SCHEMA {name}")
        self.rows(f"USE SCHEMA {name}")

    def columns(self, table: str, schema: str | None = None) -> list[Found]:
        """Describe a table of a schema, the session's if none is named; nothing where it does not exist."""
        described = self.rows(
            "SELECT column_name, data_type, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns "
            "WHERE table_schema = COALESCE(%s, CURRENT_SCHEMA()) AND table_name = %s ORDER BY ordinal_position",
            schema and schema.upper(),
            table.upper(),
        )
        return [Found(name.lower(), _type(*rest), nullable == "NO") for name, *rest, nullable in described]

    @contextmanager
    def _executed(
        self, statement: str, values: tuple[object, ...], content: BinaryIO | None = None
    ) -> Iterator[client.cursor.SnowflakeCursor]:
        self._observe(statement)
        with self._connection.cursor() as cursor:
            with _faults(statement):
                cursor.execute(statement, values or None, file_stream=content)
            yield cursor


def configured(settings: Settings) -> bool:
    """Tell whether the settings name a Snowflake at all."""
    return bool(settings.snowflake.host or settings.snowflake.account)


@contextmanager
def connect(settings: Settings, observe: Observer = lambda statement: None) -> Iterator[Warehouse]:
    """Open a session with the key of the settings. Raises Refused and Away."""
    at = settings.snowflake
    address = {"host": at.host, "port": at.port, "protocol": at.protocol} if at.host else {}
    place = {"account": at.account, "user": at.user, "role": at.role, "warehouse": at.warehouse}
    with _faults(f"sign in at {at.host or at.account} as {at.user}"):
        connection = client.connect(
            **address,
            **{name: value for name, value in place.items() if value},
            database=at.database,
            schema=at.schema_name,
            authenticator="SNOWFLAKE_JWT",
            private_key=_key(settings),
            login_timeout=at.login_seconds,
            network_timeout=at.statement_seconds,
            arrow_number_to_decimal=True,  # money stays exact
            session_parameters={
                "TIMEZONE": "UTC",
                "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False,
                "LOCK_TIMEOUT": at.statement_seconds,  # 12 hours otherwise
                "STATEMENT_TIMEOUT_IN_SECONDS": at.statement_seconds,
            },
        )
    with connection:
        yield Warehouse(connection, observe)


def insist(settings: Settings, work: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """Do work again from its start while Snowflake is away, waiting twice as long each time. Raises Refused and Away.

    The work must be such that doing it twice does no harm.
    """
    at = settings.snowflake
    for attempt in range(1, at.tries):
        try:
            return work()
        except Away as error:
            wait = at.backoff_seconds * 2 ** (attempt - 1)
            log.warning("%s; try %d of %d in %g s", error, attempt + 1, at.tries, wait)
            sleep(wait)
    try:
        return work()
    except Away as error:
        hint = "check snowflake.host and snowflake.account, or run it again later: nothing half-done was left behind"
        raise Away(f"{error}; gave up after {at.tries} tries: {hint}") from None


@contextmanager
def _faults(what: str) -> Iterator[None]:
    """Sort the client's errors into passing ones and refusals."""
    try:
        yield
    except errors.Error as error:
        passing = isinstance(error, errors.OperationalError) or not isinstance(error, REFUSALS) or error.errno == LOCKED
        kind = Away if passing else Refused
        raise kind(f"Snowflake: {_line(what)}: {_line(error.msg or str(error))}") from error


def _key(settings: Settings) -> bytes:
    """Give the private key as the client takes it. Raises Refused, saying what is wrong with it."""
    at = settings.snowflake
    place = f"snowflake.private_key_file {at.private_key_file}" if at.private_key_file else at.private_key_secret
    try:
        key = load_pem_private_key(_pem(settings), password=None)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no unencrypted PKCS#8 key in PEM form"
        raise Refused(f"Snowflake: {place} can't be used: {reason}") from None
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _pem(settings: Settings) -> bytes:
    at = settings.snowflake
    if at.private_key_file:
        return at.private_key_file.read_bytes()
    if not at.private_key_secret:
        lack = "settings lack snowflake.private_key_file and private_key_secret"
        raise Refused(f"Snowflake: {lack}; passwords are not used")
    from mart.edges import aws, secrets  # here, for boto3 is slow to start and most have a file

    try:
        return secrets.read(settings.aws, at.private_key_secret).encode()
    except aws.AwsError as error:
        raise Refused(f"Snowflake: its private key can't be had: {error}") from None


def _type(data_type: str, precision: int | None, scale: int | None) -> str:
    """Write a type of the information schema as a declaration does."""
    if data_type == "TEXT":
        return "VARCHAR"
    return f"NUMBER({precision},{scale})" if data_type == "NUMBER" else data_type


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) < 300 else f"{line[:300]}…"
