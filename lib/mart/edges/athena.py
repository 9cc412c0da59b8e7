"""Amazon Athena's saved queries, brought to what is wanted.

In: name, meaning and SQL of each. Out: a `Change` each; what is as wanted already is not written. A query of another name is
somebody else's and stays.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from botocore.client import BaseClient

from mart.edges import aws
from mart.edges.glue import Change


class Saved(NamedTuple):
    """A query under its name."""

    name: str
    doc: str
    sql: str


def save(client: BaseClient, workgroup: str, database: str, wanted: Sequence[Saved]) -> list[Change]:
    """Save queries in a workgroup. Raises AwsError."""
    there = {one["Name"]: one for one in _there(client, workgroup)}
    return [_settle(client, workgroup, database, one, there.get(one.name)) for one in wanted]


def _there(client: BaseClient, workgroup: str) -> Iterator[dict[str, Any]]:
    for number in aws.pages(client, "list_named_queries", "NamedQueryIds", WorkGroup=workgroup):
        yield aws.ask(client, "get_named_query", NamedQueryId=number)["NamedQuery"]


def _settle(client: BaseClient, workgroup: str, database: str, wanted: Saved, there: dict[str, Any] | None) -> Change:
    said = {"Name": wanted.name, "Description": wanted.doc, "QueryString": wanted.sql}
    if there is None:
        aws.ask(client, "create_named_query", Database=database, WorkGroup=workgroup, **said)
        return Change("query", wanted.name, "created")
    if all(there.get(key) == value for key, value in said.items()):
        return Change("query", wanted.name, "unchanged")
    aws.ask(client, "update_named_query", NamedQueryId=there["NamedQueryId"], **said)
    return Change("query", wanted.name, "updated")
