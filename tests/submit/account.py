"""An account of AWS on this machine, with a release in it that holds hardly anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from mart.packaging import manifest
from mart.packaging.manifest import Manifest
from mart.packaging.upload import upload
from mart.settings import Settings

JARS = (
    "aws-msk-iam-auth-2",
    "commons-pool2-2",
    "kafka-clients-3",
    "spark-sql-kafka-0-10_2.13-4",
    "spark-token-provider-kafka-0-10_2.13-4",
)


@dataclass
class Account:
    """An account of AWS, with a bucket of its own, a release, a cluster and an application."""

    settings: Settings
    bucket: str
    out: Path

    def client(self, service: str) -> Any:  # noqa: ANN401 boto3's own
        aws = self.settings.aws
        return boto3.client(service, region_name=aws.region, endpoint_url=aws.endpoint_url)

    def put(self, key: str, content: bytes, bucket: str = "") -> str:
        self.client("s3").put_object(Bucket=bucket or self.bucket, Key=key, Body=content)
        return f"s3://{bucket or self.bucket}/{key}"

    def file(self, **more: str) -> str:
        """Put settings to S3, where jobs read them; they name this account."""
        at = self.settings.submit.model_copy(update=more)
        lines = [f"{name} = {value!r}" for name, value in at.model_dump().items()]
        aws = f'[aws]\nendpoint_url = "{self.settings.aws.endpoint_url}"\nregion = "{self.settings.aws.region}"\n'
        return self.put("settings.toml", f"{aws}[submit]\n{chr(10).join(lines)}\n".encode())

    def release(self, target: str, jobs: tuple[str, ...] = ("batch/views", "streaming/live")) -> Manifest:
        """Upload a release of hardly anything."""
        folder = self.out / target
        for name in (*(f"jobs/{name}.py" for name in jobs), *(f"jars/{name}.jar" for name in JARS)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        made = Manifest(target, "0.1.0", "c0ffee", "3.11", "x86_64", {}, manifest.files(folder))
        made.write(folder)
        upload(self.settings.aws, made, self.out, self.settings.submit.release, lambda count: None)
        return made
