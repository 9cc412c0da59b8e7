"""What a stack that holds data leaves behind on purpose: counted before anybody is asked, and removed for good.

In: a type of CloudFormation and a physical id. Out: a sentence about what is in it, or its end. What is gone already
is no error.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mart.edges import aws
from mart.edges.aws import AwsError
from mart.settings import Aws

GONE = {
    "NoSuchBucket", "404", "RepositoryNotFoundException", "FileSystemNotFound", "ResourceNotFoundException",
    "NotFoundException",
}  # fmt: skip
AT_ONCE = 1_000  # objects that S3 deletes in one call


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

    def __init__(self, at: Aws) -> None:
        self._aws = at
        self._of = {
            "AWS::S3::Bucket": Kind(self._count_bucket, self._remove_bucket, self._empty_bucket),
            "AWS::ECR::Repository": Kind(self._count_images, self._remove_images),
            "AWS::EFS::FileSystem": Kind(self._count_disk, self._remove_disk),
            "AWS::SecretsManager::Secret": Kind(self._count_secret, self._remove_secret),
        }

    def count(self, of: str, name: str) -> str:
        """Say what is in it; nothing for a type that holds no data or a thing that is gone. Raises AwsError."""
        return self._do(lambda kind: kind.count(name), of, name) or ""

    def empty(self, of: str, name: str) -> None:
        """Empty what AWS removes only when it is empty. Raises AwsError."""
        self._do(lambda kind: kind.empty(name), of, name)

    def remove(self, of: str, name: str) -> None:
        """Remove it and all that is in it. Raises AwsError."""
        self._do(lambda kind: kind.remove(name), of, name)

    def _do(self, work: Callable[[Kind], str | None], of: str, name: str) -> str | None:
        if of not in self._of:
            return None
        try:
            return work(self._of[of])
        except AwsError as error:
            if error.code in GONE:
                return None
            raise

    def _ask(self, service: str, operation: str, **call: object) -> dict[str, Any]:
        return aws.ask(aws.client(service, self._aws), operation, **call)

    def _versions(self, bucket: str) -> Iterator[dict[str, Any]]:
        kinds = ("Versions", "DeleteMarkers")
        return aws.pages(aws.client("s3", self._aws), "list_object_versions", *kinds, Bucket=bucket)

    def _count_bucket(self, name: str) -> str:
        objects, size = 0, 0
        for one in self._versions(name):
            objects, size = objects + 1, size + one.get("Size", 0)
        return f"bucket {name}: {objects:,} objects and old versions, {size / 1e9:,.1f} GB"

    def _remove_bucket(self, name: str) -> None:
        self._empty_bucket(name)
        self._ask("s3", "delete_bucket", Bucket=name)

    def _empty_bucket(self, name: str) -> None:
        client = aws.client("s3", self._aws)
        keys = ({"Key": one["Key"], "VersionId": one["VersionId"]} for one in self._versions(name))
        for lot in aws.lots(keys, AT_ONCE):
            answer = aws.ask(client, "delete_objects", Bucket=name, Delete={"Objects": lot, "Quiet": True})
            if faults := answer.get("Errors"):
                raise AwsError(f"{name}/{faults[0]['Key']}: {faults[0]['Code']}: {faults[0]['Message']}")

    def _count_images(self, name: str) -> str:
        images = aws.pages(aws.client("ecr", self._aws), "list_images", "imageIds", repositoryName=name)
        return f"repository {name}: {sum(1 for _ in images):,} images"

    def _remove_images(self, name: str) -> None:
        self._ask("ecr", "delete_repository", repositoryName=name, force=True)

    def _count_disk(self, name: str) -> str:
        (disk,) = self._ask("efs", "describe_file_systems", FileSystemId=name)["FileSystems"]
        return f"disk {name}: {disk['SizeInBytes']['Value'] / 1e6:,.1f} MB of MLflow's runs and models"

    def _remove_disk(self, name: str) -> None:
        self._ask("efs", "delete_file_system", FileSystemId=name)

    def _count_secret(self, name: str) -> str:
        return f"secret {self._ask('secretsmanager', 'describe_secret', SecretId=name)['Name']}"

    def _remove_secret(self, name: str) -> None:
        """Remove at once: a secret that waits for its end keeps its name from a new one."""
        self._ask("secretsmanager", "delete_secret", SecretId=name, ForceDeleteWithoutRecovery=True)
