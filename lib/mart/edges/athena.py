"""Amazon Athena's saved queries, brought to what is wanted.

In: name, meaning and SQL of each. Out: a `Change` each; what is as wanted already is not written. A query of another name is
somebody else's and stays.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mart.edges.glue import Change
from mart.settings import Aws


class AthenaError(RuntimeError):
    """Athena did not do what was asked; the message says what to do."""


class Saved(NamedTuple):
    """A query under its name."""

    name: str
    doc: str
    sql: str


def connect(aws: Aws) -> Any:  # noqa: ANN401 (boto3 makes its clients as it runs)
    """Give a client for `save`."""
    return boto3.client("athena", region_name=aws.region, endpoint_url=aws.endpoint_url or None)


def save(client: Any, workgroup: str, database: str, wanted: Sequence[Saved]) -> list[Change]:  # noqa: ANN401
    """Save queries in a workgroup. Raises AthenaError."""
    try:
        there = {one["Name"]: one for one in _there(client, workgroup)}
        return [_settle(client, workgroup, database, one, there.get(one.name)) for one in wanted]
    except (ClientError, BotoCoreError) as error:
        why = " ".join(str(error).split())[:300]
        rights = "ListNamedQueries, GetNamedQuery, CreateNamedQuery and UpdateNamedQuery"
        raise AthenaError(f"Athena: {why}; the role needs athena: {rights} in the workgroup {workgroup}") from None


def _there(client: Any, workgroup: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    for page in client.get_paginator("list_named_queries").paginate(WorkGroup=workgroup):
        for number in page["NamedQueryIds"]:
            yield client.get_named_query(NamedQueryId=number)["NamedQuery"]


def _settle(client: Any, workgroup: str, database: str, wanted: Saved, there: dict[str, Any] | None) -> Change:  # noqa: ANN401
    said = {"Name": wanted.name, "Description": wanted.doc, "QueryString": wanted.sql}
    if there is None:
        client.create_named_query(Database=database, WorkGroup=workgroup, **said)
        return Change("query", wanted.name, "created")
    if all(there.get(key) == value for key, value in said.items()):
        return Change("query", wanted.name, "unchanged")
    client.update_named_query(NamedQueryId=there["NamedQueryId"], **said)
    return Change("query", wanted.name, "updated")
