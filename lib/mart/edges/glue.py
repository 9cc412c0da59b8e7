"""The AWS Glue Data Catalog: tables, partitions, a connection and a crawler, brought to what is wanted.

In: definitions as Glue's API has them (schema/glue). Out: a `Change` each; what is as wanted already is not written, and with
`dry` nothing is. Glue adds facts of its own to a definition, so only what we ask for is compared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.schema.glue import Definition
from mart.settings import Aws, Glue, Snowflake

What = Literal["created", "updated", "removed", "unchanged"]
MISSING = "EntityNotFoundException"
CREATED_AT_ONCE, REMOVED_AT_ONCE = 100, 25  # partitions in one call, as Glue allows
SNOWFLAKE = "mart-snowflake"


@dataclass(frozen=True)
class Change:
    """What became of one thing, or of some partitions of one table."""

    kind: str
    name: str
    what: What
    count: int = 1


class DataCatalog:
    """The catalogue of an account and region; with `dry` it is read and never written."""

    def __init__(self, at: Aws, dry: bool = False) -> None:
        self._client, self._dry = aws.client("glue", at), dry

    def database(self, wanted: Definition) -> Change:
        there = self._find("get_database", "Database", Name=wanted["Name"])
        create = {"DatabaseInput": wanted}
        return self._settle("database", there, wanted, create, {"Name": wanted["Name"], **create})

    def table(self, database: str, wanted: Definition) -> Change:
        there = self._find("get_table", "Table", DatabaseName=database, Name=wanted["Name"])
        call = {"DatabaseName": database, "TableInput": wanted}
        return self._settle("table", there, wanted, call, call)

    def connection(self, wanted: Definition) -> Change:
        there = self._find("get_connection", "Connection", Name=wanted["Name"], HidePassword=True)
        if there is not None:
            there = {"ConnectionType": wanted["ConnectionType"]} | there  # moto leaves it out of its answer
        create = {"ConnectionInput": wanted}
        return self._settle("connection", there, wanted, create, {"Name": wanted["Name"], **create})

    def crawler(self, wanted: Definition) -> Change:
        there = self._find("get_crawler", "Crawler", Name=wanted["Name"])
        if there is not None and _role(there) == _role(wanted):
            there = there | {"Role": wanted["Role"]}  # Glue may answer with a name to an ARN
        return self._settle("crawler", there, wanted, wanted, wanted)

    def partitions(self, database: str, table: str, wanted: Iterable[Definition]) -> list[Change]:
        """Bring a table's partitions to those wanted: new ones, moved or altered ones, and those that are gone."""
        asked = {tuple(one["Values"]): one for one in wanted}
        place = {"DatabaseName": database, "TableName": table}
        there = {tuple(one["Values"]): one for one in self._partitions(place)}
        new = [asked[values] for values in asked.keys() - there.keys()]
        other = [v for v in asked.keys() & there.keys() if not _holds(there[v], asked[v])]
        altered = [{"PartitionValueList": list(values), "PartitionInput": asked[values]} for values in other]
        gone = [{"Values": list(values)} for values in there.keys() - asked.keys()]
        self._batch("batch_create_partition", place, "PartitionInputList", new, CREATED_AT_ONCE)
        self._batch("batch_update_partition", place, "Entries", altered, CREATED_AT_ONCE)
        self._batch("batch_delete_partition", place, "PartitionsToDelete", gone, REMOVED_AT_ONCE)
        done: list[tuple[What, int]] = [("created", len(new)), ("updated", len(altered)), ("removed", len(gone))]
        return [Change("partitions", table, what, count) for what, count in done if count]

    def _settle(
        self, kind: str, there: Definition | None, wanted: Definition, create: Definition, update: Definition
    ) -> Change:
        """Create what is missing and update what differs."""
        if there is not None and _holds(there, wanted):
            return Change(kind, wanted["Name"], "unchanged")
        verb, call = ("create", create) if there is None else ("update", update)
        if not self._dry:
            aws.ask(self._client, f"{verb}_{kind}", **call)
        return Change(kind, wanted["Name"], "created" if there is None else "updated")

    def _batch(self, operation: str, place: Definition, key: str, items: list[Definition], at_once: int) -> None:
        """Send items in calls of a size that Glue takes; it answers with those that it did not take."""
        for lot in aws.lots([] if self._dry else items, at_once):
            answer = aws.ask(self._client, operation, **place, **{key: lot})
            if faults := answer.get("Errors"):
                detail = faults[0].get("ErrorDetail", {})
                said = f"{detail.get('ErrorCode')}: {detail.get('ErrorMessage')}"
                raise AwsError(f"Glue: {operation} {place['TableName']}: {len(faults)} refused, {said}; run it again")

    def _partitions(self, place: Definition) -> Iterator[Definition]:
        """List a table's partitions; none where there is no table."""
        try:
            yield from aws.pages(self._client, "get_partitions", "Partitions", **place)
        except AwsError as error:
            if error.code != MISSING:
                raise

    def _find(self, operation: str, key: str, **call: object) -> Definition | None:
        """Read something; None where it does not exist."""
        try:
            found: Definition = aws.ask(self._client, operation, **call)[key]
        except AwsError as error:
            if error.code == MISSING:
                return None
            raise
        return found


def _holds(there: object, wanted: object) -> bool:
    """Tell whether a definition is as wanted; of what Glue adds to it nothing is asked."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_holds(there.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(_holds, there, wanted))
    return there == wanted


def _role(crawler: Definition) -> str:
    return str(crawler["Role"]).rpartition(":role/")[2]


def snowflake_connection(glue: Glue, at: Snowflake) -> Definition:
    """Define how a crawler reaches Snowflake.

    It must be of type JDBC: a SNOWFLAKE connection is for Spark jobs, and no crawler takes it. The crawler's driver knows no key
    pairs, so it signs in as a reader of its own, whose name and password are in Secrets Manager.
    """
    host = at.host or f"{at.account}.snowflakecomputing.com"
    place = {"db": at.database, "role": at.role, "warehouse": at.warehouse}
    query = urlencode({name: value for name, value in place.items() if value})
    return {
        "Name": SNOWFLAKE,
        "Description": "The warehouse, for crawlers.",
        "ConnectionType": "JDBC",
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": f"jdbc:snowflake://{host}/?{query}",
            "JDBC_ENFORCE_SSL": "true",
            "SECRET_ID": glue.snowflake_secret,
        },
    }


def snowflake_crawler(glue: Glue, at: Snowflake) -> Definition:
    """Define the crawler that registers the warehouse's tables; it runs when it is told to."""
    targets = [{"ConnectionName": SNOWFLAKE, "Path": f"{at.database}/{schema}/%"} for schema in glue.snowflake_schemas]
    return {
        "Name": SNOWFLAKE,
        "Description": "Registers the tables of Snowflake.",
        "Role": glue.crawler_role,
        "DatabaseName": glue.database,
        "TablePrefix": "snowflake_",
        "Targets": {"JdbcTargets": targets},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
    }
