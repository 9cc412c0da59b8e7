"""Snowflake on one machine: fakesnow behind the real connector, with a key pair as in production.

The emulator lets every key in; the pair is made so that the client's way of signing in is the real one.
"""

import sys
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mart.local import files
from mart.local.service import Place, Service

DATABASE = "PRODUCT_MART"  # not MART, as a schema in it is named: fakesnow would not know which is meant
# Snowflake's own account of itself, which `mart watch` reads: the views' names and columns, empty.
_USAGE = "snowflake.account_usage"
_QUERIES = "query_id varchar, database_name varchar, execution_status varchar, total_elapsed_time number(19,0), start_time timestamp_ntz"
_STORAGE = "usage_date date, database_name varchar, average_database_bytes float, average_failsafe_bytes float"
USAGE = (
    "create database if not exists snowflake",
    f"create schema if not exists {_USAGE}",
    f"create table if not exists {_USAGE}.query_history ({_QUERIES})",
    f"create table if not exists {_USAGE}.database_storage_usage_history ({_STORAGE})",
)
HASTY = {
    "login_timeout": 5,  # seconds
    "network_timeout": 5,
    "session_parameters": {"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
}


def _command(place: Place) -> list[str]:
    return [sys.executable, "-m", "mart.local.fakesnow_server", str(place.home / "snowflake"), str(place.port)]


def _prepare(place: Place) -> None:
    (place.home / "snowflake").mkdir(parents=True, exist_ok=True)
    key = place.home / "secrets" / "snowflake.p8"
    if not key.exists():
        key.parent.mkdir(mode=0o700, exist_ok=True)
        files.write(key, _private_key(), mode=0o600)


def _private_key() -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(*form).decode()


def _settings(place: Place) -> dict[str, dict[str, Any]]:
    key = str(place.home / "secrets" / "snowflake.p8")
    address = {"host": "127.0.0.1", "port": place.port, "protocol": "http", "account": "local", "user": "mart"}
    return {"snowflake": address | {"database": DATABASE, "private_key_file": key}}


def _execute(place: Place, *statements: str) -> None:
    """Run statements through the connector, signing in with the key."""
    import snowflake.connector  # here, for it takes half a second that `mart` has other uses for

    settings = _settings(place)["snowflake"] | {"authenticator": "SNOWFLAKE_JWT", "database": None}
    with snowflake.connector.connect(**settings, **HASTY) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


SERVICE = Service(
    name="snowflake",
    title="Snowflake (fakesnow)",
    keeps="tables, not stages",
    keeps_data=True,
    address="http://127.0.0.1:{port}",
    command=_command,
    check=lambda place: _execute(place, "select 1"),
    settings=_settings,
    prepare=_prepare,
    furnish=lambda place: _execute(place, f"create database if not exists {DATABASE}", *USAGE),
)
