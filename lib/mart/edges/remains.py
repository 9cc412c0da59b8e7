"""What a stack that holds data leaves behind on purpose: counted before anybody is asked, and removed for good.

In: a type of CloudFormation and a physical id. Out: a sentence about what is in it, or its end. What is gone already
is no error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from mart.settings import Aws

GONE = {
    "NoSuchBucket", "404", "RepositoryNotFoundException", "FileSystemNotFound", "ResourceNotFoundException",
    "NotFoundException",
}  # fmt: skip
AT_ONCE = 1_000  # objects that S3 deletes in one call


class RemainsError(RuntimeError):
    """Something could not be removed; the message says what and why."""


def nothing(name: str) -> None:
    """Have nothing to empty."""


@dataclass(frozen=True)
class Kind:
    """How things of one type are counted, removed, and emptied."""

    count: Callable[[str], str]
    remove: Callable[[str], None]
    empty: Callable[[str], None] = nothing


class Remains:
    """The things with data of an account and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._of = {
            "AWS::S3::Bucket": Kind(self._count_bucket, self._remove_bucket, self._empty_bucket),
            "AWS::ECR::Repository": Kind(self._count_images, self._remove_images),
            "AWS::EFS::FileSystem": Kind(self._count_disk, self._remove_disk),
            "AWS::SecretsManager::Secret": Kind(self._count_secret, self._remove_secret),
        }

    def count(self, of: str, name: str) -> str:
        """Say what is in it; nothing for a type that holds no data or a thing that is gone. Raises RemainsError."""
        return self._do(lambda kind: kind.count(name), of, name) or ""

    def empty(self, of: str, name: str) -> None:
        """Empty what AWS removes only when it is empty. Raises RemainsError."""
        self._do(lambda kind: kind.empty(name), of, name)

    def remove(self, of: str, name: str) -> None:
        """Remove it and all that is in it. Raises RemainsError."""
        self._do(lambda kind: kind.remove(name), of, name)

    def _do(self, work: Callable[[Kind], str | None], of: str, name: str) -> str | None:
        if of not in self._of:
            return None
        try:
            return work(self._of[of])
        except ClientError as error:
            said = error.response.get("Error", {})
            if said.get("Code") in GONE:
                return None
            raise RemainsError(f"{name}: {said.get('Code')}: {said.get('Message')}") from None

    def _client(self, service: str) -> Any:  # noqa: ANN401 boto3 makes them at run time
        patience = Config(retries={"mode": "standard", "total_max_attempts": 8})
        make: Any = boto3.client
        return make(service, region_name=self._aws.region, endpoint_url=self._aws.endpoint_url or None, config=patience)

    def _versions(self, bucket: str) -> Iterator[list[dict[str, Any]]]:
        pages = self._client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
        for page in pages:
            yield [*page.get("Versions", []), *page.get("DeleteMarkers", [])]

    def _count_bucket(self, name: str) -> str:
        objects, size = 0, 0
        for page in self._versions(name):
            objects += len(page)
            size += sum(one.get("Size", 0) for one in page)
        return f"bucket {name}: {objects:,} objects and old versions, {size / 1e9:,.1f} GB"

    def _remove_bucket(self, name: str) -> None:
        self._empty_bucket(name)
        self._client("s3").delete_bucket(Bucket=name)

    def _empty_bucket(self, name: str) -> None:
        client = self._client("s3")
        for page in self._versions(name):
            keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page]
            for start in range(0, len(keys), AT_ONCE):
                objects = {"Objects": keys[start : start + AT_ONCE], "Quiet": True}
                if faults := client.delete_objects(Bucket=name, Delete=objects).get("Errors"):
                    raise RemainsError(f"{name}/{faults[0]['Key']}: {faults[0]['Code']}: {faults[0]['Message']}")

    def _count_images(self, name: str) -> str:
        pages = self._client("ecr").get_paginator("list_images").paginate(repositoryName=name)
        return f"repository {name}: {sum(len(page['imageIds']) for page in pages):,} images"

    def _remove_images(self, name: str) -> None:
        self._client("ecr").delete_repository(repositoryName=name, force=True)

    def _count_disk(self, name: str) -> str:
        (disk,) = self._client("efs").describe_file_systems(FileSystemId=name)["FileSystems"]
        return f"disk {name}: {disk['SizeInBytes']['Value'] / 1e6:,.1f} MB of MLflow's runs and models"

    def _remove_disk(self, name: str) -> None:
        self._client("efs").delete_file_system(FileSystemId=name)

    def _count_secret(self, name: str) -> str:
        return f"secret {self._client('secretsmanager').describe_secret(SecretId=name)['Name']}"

    def _remove_secret(self, name: str) -> None:
        """Remove at once: a secret that waits for its end keeps its name from a new one."""
        self._client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
